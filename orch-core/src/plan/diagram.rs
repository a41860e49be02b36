use std::fmt::Write as _;

use super::{Plan, Source, Step};

/// The arrows of a diagram: from a step, to a step, labelled with the input, dashed where no value flows.
struct Arrow {
    from: usize,
    to: usize,
    label: String,
    dashed: bool,
}

impl Plan {
    /// The plan as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        self.mermaid_scope(&mut text, None, 1);
        for Arrow { from, to, label, dashed } in self.arrows() {
            let arrow = if dashed { "-.->" } else { "-->" };
            let _ = match label.as_str() {
                "" => writeln!(text, "    s{from} {arrow} s{to}"),
                label => writeln!(text, "    s{from} {arrow}|\"{}\"| s{to}", mermaid_escape(label)),
            };
        }
        text
    }

    fn mermaid_scope(&self, text: &mut String, map: Option<usize>, level: usize) {
        let indent = "    ".repeat(level);
        for (index, step) in self.steps.iter().enumerate().filter(|(_, step)| step.map == map) {
            let lines: Vec<_> = lines(step).iter().map(|line| mermaid_escape(line)).collect();
            let _ = writeln!(text, "{indent}s{index}[\"{}\"]", lines.join("<br>"));
        }
        for (index, inner) in self.maps.iter().enumerate().filter(|(_, inner)| inner.parent == map) {
            if !self.steps.iter().any(|step| step.map == Some(index)) {
                continue;
            }
            let name = mermaid_escape(&self.output_name(inner.step, inner.output));
            let _ = writeln!(text, "{indent}subgraph m{index}[\"map {name}\"]");
            self.mermaid_scope(text, Some(index), level + 1);
            let _ = writeln!(text, "{indent}end");
        }
    }

    /// The plan as a Graphviz digraph.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text =
            format!("digraph \"{}\" {{\n    node [shape=box, style=rounded];\n", dot_escape(&self.job));
        self.dot_scope(&mut text, None, 1);
        for Arrow { from, to, label, dashed } in self.arrows() {
            let style = if dashed { ", style=dashed" } else { "" };
            let _ = writeln!(text, "    s{from} -> s{to} [label=\"{}\"{style}];", dot_escape(&label));
        }
        text.push_str("}\n");
        text
    }

    fn dot_scope(&self, text: &mut String, map: Option<usize>, level: usize) {
        let indent = "    ".repeat(level);
        for (index, step) in self.steps.iter().enumerate().filter(|(_, step)| step.map == map) {
            let lines: Vec<_> = lines(step).iter().map(|line| dot_escape(line)).collect();
            let _ = writeln!(text, "{indent}s{index} [label=\"{}\"];", lines.join("\\n"));
        }
        for (index, inner) in self.maps.iter().enumerate().filter(|(_, inner)| inner.parent == map) {
            if !self.steps.iter().any(|step| step.map == Some(index)) {
                continue;
            }
            let name = dot_escape(&self.output_name(inner.step, inner.output));
            let _ = writeln!(text, "{indent}subgraph cluster_m{index} {{\n{indent}    label=\"map {name}\";");
            self.dot_scope(text, Some(index), level + 1);
            let _ = writeln!(text, "{indent}}}");
        }
    }

    fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = Vec::new();
        for (to, step) in self.steps.iter().enumerate() {
            for input in &step.inputs {
                self.arrows_into(to, &input.source, &input.name, &mut arrows);
            }
            // What runs once for each item without taking it still begins at the step that yields it.
            let yields = step.map.map(|map| self.maps[map].step);
            if let Some(from) =
                yields.filter(|_| !arrows.iter().rev().take_while(|arrow| arrow.to == to).any(|_| true))
            {
                arrows.push(Arrow { from, to, label: String::new(), dashed: true });
            }
            arrows.extend(step.after.iter().map(|&from| Arrow {
                from,
                to,
                label: "after".to_owned(),
                dashed: true,
            }));
            arrows.extend(self.awaited_of_earlier(to).map(|from| Arrow {
                from,
                to,
                label: "after earlier".to_owned(),
                dashed: true,
            }));
        }
        arrows
    }

    fn arrows_into(&self, to: usize, source: &Source, input: &str, arrows: &mut Vec<Arrow>) {
        match source {
            Source::Output { step, .. } => {
                arrows.push(Arrow { from: *step, to, label: input.to_owned(), dashed: false });
            }
            Source::Item { map } => {
                arrows.push(Arrow { from: self.maps[*map].step, to, label: input.to_owned(), dashed: false });
            }
            Source::Literal { .. } | Source::Config { .. } => {}
            Source::Collect { collect } => {
                let label = format!("{input}: collect");
                self.arrows_into(to, &self.collects[*collect].element, &label, arrows);
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.arrows_into(to, element, input, arrows));
            }
        }
    }
}

/// What stands in a step's box: its name, and the inputs that are constants, since no arrow leads to them.
fn lines(step: &Step) -> Vec<String> {
    let mut lines = vec![step.name.clone()];
    if step.given {
        lines.push("given".to_owned());
    }
    if !step.only.is_empty() {
        lines.push(format!("only {}", step.only.join(", ")));
    }
    for input in &step.inputs {
        let mut values = Vec::new();
        constants(&input.source, &mut values);
        if !values.is_empty() {
            lines.push(format!("{}: {}", input.name, values.join(", ")));
        }
    }
    lines
}

fn constants<'a>(source: &'a Source, values: &mut Vec<&'a str>) {
    match source {
        Source::Literal { value: Some(value), .. } => values.push(value),
        Source::List { elements, .. } => elements.iter().for_each(|element| constants(element, values)),
        _ => {}
    }
}

/// A label is HTML to Mermaid, and `\n` in it a new line.
pub(crate) fn mermaid_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            '&' => escaped.push_str("#amp;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '#' | '\\' | '`' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A label stands in quotes.
pub(crate) fn dot_escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
