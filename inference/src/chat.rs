//! Chat: a conversation in the words that the model was taught.
//!
//! Files bring their words as a program (a Jinja template), which a hostile file could make endless. So it is not run: it is read for
//! the one form that is understood, ChatML, and for the introduction that many templates put first. The words of the one who asks
//! never become tokens that steer the model.

use crate::invalid::Invalid;
use crate::model::Model;
use crate::token::Token;
use crate::tokenizer::Tokenizer;

const START: &str = "<|im_start|>";
const END: &str = "<|im_end|>";

/// How a model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chat {
    start: Token,
    end: Token,
    /// What is said to the model before the first question, if anything.
    introduction: Option<String>,
}

impl Chat {
    /// The form that a template has, if it is ours.
    pub(crate) fn from_template(template: &str, tokenizer: &Tokenizer) -> Option<Chat> {
        if !template.contains(START) || !template.contains(END) {
            return None;
        }
        let (start, end) = (tokenizer.control(START)?, tokenizer.control(END)?);
        Some(Chat { start, end, introduction: introduction(template) })
    }

    fn turn(&self, role: &str, text: &str, tokenizer: &Tokenizer) -> Result<Vec<Token>, Invalid> {
        let mut tokens = vec![self.start];
        tokens.extend(tokenizer.encode(&format!("{role}\n{text}"))?);
        tokens.push(self.end);
        tokens.extend(tokenizer.encode("\n")?);
        Ok(tokens)
    }
}

/// What a template says as `system` when nobody else does: a text without quotes and braces, so that it is no piece of program.
fn introduction(template: &str) -> Option<String> {
    let (_, rest) = template.split_once(&format!("{START}system"))?;
    let rest = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\\n"))?;
    let (text, _) = rest.split_once(END)?;
    let is_plain = !text.is_empty() && !text.contains(['\'', '"', '{', '}', '\\']);
    is_plain.then(|| text.to_owned())
}

impl Model {
    /// The tokens that ask for an answer to `question`, in the model's own form of a conversation. A model that has
    /// none of the form that is understood gets the question alone.
    pub fn question(&self, question: &str) -> Result<Vec<Token>, Invalid> {
        let tokenizer = &self.tokenizer;
        let mut tokens: Vec<Token> = tokenizer.start().into_iter().collect();
        let Some(chat) = &self.chat else {
            tokens.extend(tokenizer.encode(question)?);
            return Ok(tokens);
        };
        if let Some(introduction) = &chat.introduction {
            tokens.extend(chat.turn("system", introduction, tokenizer)?);
        }
        tokens.extend(chat.turn("user", question, tokenizer)?);
        tokens.push(chat.start);
        tokens.extend(tokenizer.encode("assistant\n")?);
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::introduction;

    #[test]
    fn introduction_is_read_from_the_template() {
        let check = |template: &str, expected: Option<&str>| {
            assert_eq!(introduction(template).as_deref(), expected, "of {template:?}");
        };
        check("{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}", Some("Be brief."));
        check("{{ '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}", Some("Be brief."));
        check("{{ '<|im_start|>system\n' + message + '<|im_end|>' }}", None);
        check("{{ '<|im_start|>' + role }}", None);
        check("<|im_start|>system\nBe brief.", None);
    }
}
