//! Growth: how lists grow whose elements are counted in millions: by a sixteenth, not by doubling.
//!
//! Little memory is kept for nothing, and the time to grow is short all the same: what is so large is moved by mapping its
//! pages elsewhere, not by copying.

/// The least by which a list grows, in elements.
const ELEMENTS_MIN: usize = 64;
/// Which part of its length it grows by.
const PART: usize = 16;

/// Adds an element at the end.
#[inline(always)]
pub fn push<T>(list: &mut Vec<T>, element: T) {
    if list.len() == list.capacity() {
        grow(list);
    }
    list.push(element);
}

#[cold]
fn grow<T>(list: &mut Vec<T>) {
    list.reserve_exact((list.len() / PART).max(ELEMENTS_MIN));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_room_for_a_sixteenth_more_at_the_most() {
        let mut list = Vec::new();
        let mut grown = 0;
        for element in 0..100_000_u64 {
            let before = list.capacity();
            push(&mut list, element);
            grown += usize::from(before < list.capacity());
            assert!(list.capacity() <= list.len() + (list.len() / PART).max(ELEMENTS_MIN));
        }
        assert!(list.into_iter().eq(0..100_000) && grown < 200);
    }
}
