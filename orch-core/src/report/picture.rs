//! Pictures as files of their own: no scripts, nothing fetched.

/// A picture of this width and height in pixels: what is drawn in it upon a background, in the rules of a style that has one
/// for `bg`. Its title and what is drawn are told apart: the title is plain text.
pub(super) fn picture(title: &str, (width, height): (f64, f64), style: &str, drawn: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>{}</title>\n<style>{style}</style>\n\
         <rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n{drawn}</svg>\n",
        escape(title),
    )
}

/// Text as XML may hold it. Characters that XML cannot name at all become `\u{fffd}`.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
