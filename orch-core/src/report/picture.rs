//! Pictures as files of their own: no scripts, nothing fetched.

/// The rules that a picture has besides those of all, and again for dark screens: viewers that know no media queries or
/// variables show the light ones.
pub(super) struct Style {
    pub(super) light: &'static str,
    pub(super) dark: &'static str,
}

/// The rules of all pictures: texts, `h` headings, `d` what is said by the way, `bg` the background.
const OF_ALL: Style = Style {
    light: "text{fill:#1f2328;font:12px ui-sans-serif,system-ui,sans-serif}.h{font-size:15px;font-weight:600}\
            .d{fill:#656d76}.bg{fill:#fff}",
    dark: "text{fill:#e6edf3}.d{fill:#8d96a0}.bg{fill:#0d1117}",
};

/// A picture of this width and height in pixels: what is drawn in it upon a background. Its title and what is drawn are told
/// apart: the title is plain text.
pub(super) fn picture(title: &str, (width, height): (f64, f64), style: &Style, drawn: &str) -> String {
    let Style { light, dark } = OF_ALL;
    let style = format!("{light}{}@media(prefers-color-scheme:dark){{{dark}{}}}", style.light, style.dark);
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

#[cfg(test)]
pub(super) mod tests {
    /// Whether every element is closed in its turn and every `&` begins an entity that XML knows.
    pub(in crate::report) fn well_formed(xml: &str) -> Result<(), String> {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = xml;
        while let Some(at) = rest.find('<') {
            let (text, tag) = rest.split_at(at);
            for entity in text.split('&').skip(1) {
                let known =
                    ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known));
                known.then_some(()).ok_or_else(|| format!("bad entity &{entity}"))?;
            }
            let end = tag.find('>').ok_or("a tag does not end")?;
            let (tag, after) = (&tag[1..end], &tag[end + 1..]);
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if tag.starts_with('/') {
                (open.pop() == Some(name))
                    .then_some(())
                    .ok_or_else(|| format!("</{name}> closes nothing"))?;
            } else if !tag.ends_with('/') {
                open.push(name);
            }
            (tag.matches('"').count() % 2 == 0).then_some(()).ok_or_else(|| format!("quotes in <{tag}>"))?;
            rest = after;
        }
        let bad = |c: char| (c < ' ' && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
        (open.is_empty() && rest == "\n" && !xml.contains(bad))
            .then_some(())
            .ok_or_else(|| "an odd end".to_owned())
    }
}
