//! Signed: what every object has that ends with a signature over the rest of it.

/// The bytes of an object, and the hash by which others name it.
macro_rules! object {
    ($name:ident) => {
        impl $name {
            /// Its bytes.
            pub fn encode(&self) -> Vec<u8> {
                let mut bytes = self.body();
                bytes.extend(self.signature.0);
                bytes
            }

            /// The hash of all but the signature: what other objects name.
            pub fn id(&self) -> $crate::digest::Digest {
                $crate::digest::Digest::of_object(&self.body())
            }
        }
    };
}

/// The same of an object that holds its signer's key. The rule says who that is.
macro_rules! signed {
    ($name:ident by $signer:ident, $rule:literal) => {
        object!($name);

        impl $name {
            /// The same, signed. Panics unless the key is its signer's.
            pub fn signed(self, key: &$crate::key::SecretKey) -> $name {
                assert_eq!(key.public(), self.$signer, $rule);
                $name { signature: key.sign(&self.body()), ..self }
            }

            /// Whether its signer signed it.
            pub fn is_signed(&self) -> bool {
                self.$signer.has_signed(&self.body(), &self.signature)
            }
        }
    };
}
