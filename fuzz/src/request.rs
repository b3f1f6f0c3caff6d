//! Request: bytes as what a client sends. Any text is a request or the first thing that is wrong with it; what is read is
//! written and read as it was, and what is wrong has a reply that says which request it answers.

use protocol::call::Call;
use protocol::message::Message;
use protocol::request::Request;
use protocol::time::Time;

/// Reads the bytes as the text of a frame, and, where they have a line's end, what stands before it as a method and the rest
/// as its params, as they come over HTTP. Returns whether they were a request.
///
/// # Panics
/// When what was read is written otherwise, or a reply cannot be read.
pub fn request(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let over_http = text.split_once('\n').is_some_and(|(method, params)| check(Call::of(method, params)));
    check(Call::decode(text)) || over_http
}

fn check(call: Call) -> bool {
    let now = Time::from_ns(1_795_356_000_000_000_000);
    match &call.request {
        // Of a batch each change is right or wrong by itself, and what is wrong is not written.
        Ok(Request::Batch(batch)) if batch.ops.iter().any(Result::is_err) => false,
        Ok(request) => {
            let again = Call::decode(&request.encode(call.req_id.as_ref()));
            assert_eq!(
                (again.request.as_ref(), again.req_id),
                (Ok(request), call.req_id),
                "it is read as it was written"
            );
            true
        }
        Err(error) => {
            let reply = call.reply(Err(error.clone()), now, now);
            let read = Message::decode(&reply.encode()).expect("a reply is read");
            assert_eq!(read, Message::Reply(Box::new(reply)), "a refusal is read as it was written");
            false
        }
    }
}
