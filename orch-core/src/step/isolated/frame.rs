use std::fmt;
use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes of a frame. What is larger goes in several.
pub(super) const MOST: usize = 64 << 20;

/// The most bytes of what travels with a message. Larger values are better passed on as files.
pub(super) const MOST_IN_ALL: u64 = 4 << 30;

/// A frame with a message, as `MessagePack`.
const HEAD: u8 = 1;

/// A frame with a piece of the bytes that travel with the message before it.
const BODY: u8 = 2;

/// What is so small is written together with the head.
const SMALL: usize = 16 << 10;

/// Why a message could not be sent or received.
#[derive(Debug)]
pub(super) enum FrameError {
    Io(io::Error),
    /// What came is no message.
    Malformed(String),
    /// What is to be sent is no message that the other side would take.
    TooLarge(u64),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Malformed(why) => write!(f, "what came is no message: {why}"),
            Self::TooLarge(bytes) => {
                write!(f, "{bytes} bytes are more than the {MOST_IN_ALL} that can be sent at once")
            }
        }
    }
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes a message, and the bytes that travel with it.
///
/// A frame is its length without the first five bytes (four, little-endian), its kind (one), and its content. A message is
/// a head, which says how many bytes follow, and these in as many frames as it takes.
pub(super) fn write<'b>(
    out: &mut impl Write,
    message: &impl Serialize,
    body: impl Iterator<Item = &'b [u8]> + Clone,
) -> Result<(), FrameError> {
    let length: u64 = body.clone().map(|part| part.len() as u64).sum();
    if length > MOST_IN_ALL {
        return Err(FrameError::TooLarge(length));
    }
    // By name, since fields may be left out.
    let head = rmp_serde::to_vec_named(&(length, message));
    let head = head.map_err(|error| FrameError::Malformed(error.to_string()))?;
    if head.len() > MOST {
        return Err(FrameError::TooLarge(head.len() as u64));
    }
    let mut small = Vec::with_capacity(5 + head.len() + SMALL.min(length as usize + 5));
    put(&mut small, HEAD, &head)?;
    for frame in body.flat_map(|part| part.chunks(MOST)) {
        if small.len() + frame.len() > SMALL {
            out.write_all(&small)?;
            small.clear();
        }
        if frame.len() > SMALL {
            put(out, BODY, frame)?;
        } else {
            put(&mut small, BODY, frame)?;
        }
    }
    out.write_all(&small)?;
    Ok(out.flush()?)
}

fn put(out: &mut impl Write, kind: u8, content: &[u8]) -> io::Result<()> {
    let [a, b, c, d] = (content.len() as u32).to_le_bytes();
    out.write_all(&[a, b, c, d, kind])?;
    out.write_all(content)
}

/// Reads a message and the bytes that travel with it; none if the other side ended before it.
pub(super) fn read<M: DeserializeOwned>(from: &mut impl Read) -> Result<Option<(M, Vec<u8>)>, FrameError> {
    let mut head = Vec::new();
    match read_frame(from, &mut head)? {
        None => return Ok(None),
        Some(HEAD) => {}
        Some(kind) => return Err(FrameError::Malformed(format!("it begins with a frame of kind {kind}"))),
    }
    let (length, message): (u64, M) =
        rmp_serde::from_slice(&head).map_err(|error| FrameError::Malformed(error.to_string()))?;
    if length > MOST_IN_ALL {
        return Err(FrameError::Malformed(format!("{length} bytes are said to follow")));
    }
    let mut body = Vec::new();
    while (body.len() as u64) < length {
        match read_frame(from, &mut body)? {
            Some(BODY) if body.len() as u64 <= length => {}
            Some(BODY) => return Err(FrameError::Malformed("more bytes follow than were told".to_owned())),
            Some(kind) => {
                return Err(FrameError::Malformed(format!("a frame of kind {kind} is in its midst")));
            }
            None => return Err(ended_early()),
        }
    }
    Ok(Some((message, body)))
}

/// Appends what is in the next frame, and gives its kind.
fn read_frame(from: &mut impl Read, to: &mut Vec<u8>) -> Result<Option<u8>, FrameError> {
    let mut start = [0; 5];
    let mut there = 0;
    while there < start.len() {
        match from.read(&mut start[there..]) {
            Ok(0) if there == 0 => return Ok(None),
            Ok(0) => return Err(ended_early()),
            Ok(count) => there += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let [a, b, c, d, kind] = start;
    let length = u32::from_le_bytes([a, b, c, d]);
    if length as usize > MOST {
        return Err(FrameError::Malformed(format!("a frame of {length} bytes")));
    }
    if length == 0 && kind == BODY {
        // Such frames could go on for ever.
        return Err(FrameError::Malformed("an empty frame".to_owned()));
    }
    // Room is made as the bytes come, and not for as many as are said to.
    match from.take(length.into()).read_to_end(to)? == length as usize {
        true => Ok(Some(kind)),
        false => Err(ended_early()),
    }
}

fn ended_early() -> FrameError {
    FrameError::Malformed("it ends too early".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Text = (String, Option<u64>);

    fn written(message: &Text, body: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, message, body.iter().map(Vec::as_slice)).expect("a message");
        bytes
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            text in ".{0,40}",
            number in any::<Option<u64>>(),
            body in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40_000), 0..4),
        ) {
            let message = (text, number);
            let bytes = written(&message, &body);
            let twice = [bytes.clone(), bytes].concat();
            let mut from = twice.as_slice();
            for _ in 0..2 {
                let (read, rest) = read::<Text>(&mut from).expect("well-formed").expect("a message");
                prop_assert_eq!((&read, &rest), (&message, &body.concat()));
            }
            prop_assert!(read::<Text>(&mut from).expect("the end").is_none());
        }

        #[test]
        fn what_is_torn_or_mixed_up_is_an_error(
            body in proptest::collection::vec(any::<u8>(), 0..600),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = written(&("a text".to_owned(), Some(7)), &[body]);
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let torn = &bytes[..cut.index(bytes.len())];
            for bytes in [&bytes[..], torn] {
                let mut from = bytes;
                // It ends, with whatever it finds.
                while let Ok(Some((_, body))) = read::<Text>(&mut from) {
                    prop_assert!(body.len() <= bytes.len());
                }
            }
            let whole = changes.is_empty() && !torn.is_empty();
            prop_assert!(!whole || read::<Text>(&mut &torn[..]).is_err());
        }

        #[test]
        fn noise_is_no_message(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut from = bytes.as_slice();
            while let Ok(Some(_)) = read::<Text>(&mut from) {}
        }
    }

    #[test]
    fn what_is_said_to_be_huge_is_refused_before_there_is_room_for_it() {
        let told = |bytes: &[u8]| read::<Text>(&mut &bytes[..]).expect_err("no message").to_string();
        assert_eq!(told(&[255, 255, 255, 255, HEAD]), "what came is no message: a frame of 4294967295 bytes");
        assert_eq!(told(&[0, 0, 0, 4, HEAD, 1]), "what came is no message: it ends too early");
    }
}
