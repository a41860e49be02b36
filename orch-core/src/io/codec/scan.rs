//! Looks at bytes before code of the value's type does.

use super::checked::DEEPEST;

/// How deeply containers may be nested in bytes: a variant with fields is two of them and one level.
const DEEPEST_BYTES: usize = DEEPEST as usize * 2;

/// Whether these bytes are one value of `MessagePack`, whole, with nothing behind it, and not nested so deeply that reading
/// it could exhaust the thread's memory.
///
/// # Errors
/// What is wrong with them.
pub(super) fn scan(bytes: &[u8]) -> Result<(), String> {
    let mut rest = bytes;
    // How many values are still to come in each container that is open; the outermost is the whole.
    let mut open: Vec<u64> = vec![1];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        match token(&mut rest)? {
            Token::Plain { len } => {
                let len = usize::try_from(len).map_err(|_| cut_off())?;
                rest = rest.get(len..).ok_or_else(cut_off)?;
            }
            // Each of the parts has at least one byte.
            Token::Container { parts } if parts > rest.len() as u64 => return Err(cut_off()),
            Token::Container { .. } if open.len() > DEEPEST_BYTES => {
                return Err(format!("it is nested more than {DEEPEST_BYTES} containers deep"));
            }
            Token::Container { parts } => open.push(parts),
        }
    }
    match rest.len() {
        0 => Ok(()),
        more => Err(format!("{more} bytes follow its end")),
    }
}

/// What a value begins with.
enum Token {
    /// It is this many further bytes.
    Plain { len: u64 },
    /// This many values follow that are in it.
    Container { parts: u64 },
}

fn token(rest: &mut &[u8]) -> Result<Token, String> {
    let [marker] = take(rest)?;
    let plain = |len: u64| Token::Plain { len };
    // The names of the format's specification.
    Ok(match marker {
        // Numbers that are their own marker, nil, false and true.
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => plain(0),
        // fixmap, fixarray, fixstr
        0x80..=0x8f => Token::Container { parts: u64::from(marker & 0x0f) * 2 },
        0x90..=0x9f => Token::Container { parts: u64::from(marker & 0x0f) },
        0xa0..=0xbf => plain(u64::from(marker & 0x1f)),
        0xc1 => return Err("it has a byte that means nothing".to_owned()),
        // bin and str of 8, 16 and 32 bits
        0xc4 | 0xd9 => plain(u8::from_be_bytes(take(rest)?).into()),
        0xc5 | 0xda => plain(u16::from_be_bytes(take(rest)?).into()),
        0xc6 | 0xdb => plain(u32::from_be_bytes(take(rest)?).into()),
        // ext of 8, 16 and 32 bits, with a byte for their type
        0xc7 => plain(u64::from(u8::from_be_bytes(take(rest)?)) + 1),
        0xc8 => plain(u64::from(u16::from_be_bytes(take(rest)?)) + 1),
        0xc9 => plain(u64::from(u32::from_be_bytes(take(rest)?)) + 1),
        // Numbers of 8, 16, 32 and 64 bits.
        0xcc | 0xd0 => plain(1),
        0xcd | 0xd1 => plain(2),
        0xca | 0xce | 0xd2 => plain(4),
        0xcb | 0xcf | 0xd3 => plain(8),
        // fixext 1, 2, 4, 8 and 16, with a byte for their type
        0xd4..=0xd8 => plain((1 << (marker - 0xd4)) + 1),
        // array and map of 16 and 32 bits
        0xdc => Token::Container { parts: u16::from_be_bytes(take(rest)?).into() },
        0xdd => Token::Container { parts: u32::from_be_bytes(take(rest)?).into() },
        0xde => Token::Container { parts: u64::from(u16::from_be_bytes(take(rest)?)) * 2 },
        0xdf => Token::Container { parts: u64::from(u32::from_be_bytes(take(rest)?)) * 2 },
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (taken, more) = rest.split_first_chunk().ok_or_else(cut_off)?;
    *rest = more;
    Ok(*taken)
}

fn cut_off() -> String {
    "it is cut off".to_owned()
}
