/// How high a box is, and the way of an arrow that passes between boxes, each with the distance to the next; in pixels.
pub(super) const BOX: f64 = 40.0;
const BELOW: f64 = 16.0;
const WAY: f64 = 20.0;
/// The distance between columns.
const BESIDE: f64 = 64.0;

/// Where boxes stand: in columns, each right of all from which arrows lead to it. No arrow passes behind a box: one that
/// passes a column has a way of its own there.
#[derive(Debug)]
pub(super) struct Layout {
    /// Of each box its place; none of one that is not drawn.
    pub(super) boxes: Vec<Option<At>>,
    /// Of each arrow its ways through the columns that it passes.
    pub(super) ways: Vec<Vec<At>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A place in a column: its left end, its middle and how wide it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
}

impl At {
    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }
}

/// What stands in a column.
#[derive(Clone, Copy)]
enum Slot {
    Box(usize),
    Way(usize),
}

impl Slot {
    fn height(self) -> f64 {
        match self {
            Self::Box(_) => BOX + BELOW,
            Self::Way(_) => WAY,
        }
    }
}

impl Layout {
    /// The layout of boxes of these widths, by their numbers. Those of `order` are drawn, in an order in which arrows lead
    /// forwards. In a column a box stands about as high as those from which arrows lead to it.
    pub(super) fn of(widths: &[f64], order: &[usize], arrows: &[(usize, usize)]) -> Self {
        let columns = columns(widths.len(), order, arrows);
        let high = |column: &Vec<Slot>| column.iter().map(|slot| slot.height()).sum::<f64>();
        let height = columns.iter().map(high).fold(0.0, f64::max);
        let mut boxes: Vec<Option<At>> = vec![None; widths.len()];
        let mut ways: Vec<Vec<At>> = vec![Vec::new(); arrows.len()];
        let mut x = 0.0;
        for mut column in columns {
            let comes_from = |arrow: usize| {
                let way = ways[arrow].last().map(|way| way.y);
                way.or_else(|| boxes[arrows[arrow].0].map(|from| from.y)).unwrap_or_default()
            };
            let wanted = |slot: &Slot| match *slot {
                Slot::Way(arrow) => comes_from(arrow),
                Slot::Box(number) => {
                    let into = (0..arrows.len()).filter(|&arrow| arrows[arrow].1 == number);
                    let heights: Vec<_> = into.map(comes_from).collect();
                    heights.iter().sum::<f64>() / heights.len().max(1) as f64
                }
            };
            column.sort_by(|a, b| wanted(a).total_cmp(&wanted(b)));
            let wide = column.iter().map(|slot| match *slot {
                Slot::Box(number) => widths[number],
                Slot::Way(_) => 0.0,
            });
            let width = wide.fold(0.0, f64::max);
            let mut top = (height - high(&column)) / 2.0;
            for slot in column {
                let at = At { x, y: top + slot.height() / 2.0, width };
                top += slot.height();
                match slot {
                    Slot::Box(number) => boxes[number] = Some(at),
                    Slot::Way(arrow) => ways[arrow].push(at),
                }
            }
            x += width + BESIDE;
        }
        Self { boxes, ways, width: (x - BESIDE).max(0.0), height }
    }
}

/// The boxes by how long the longest way to each is, and the arrows that pass them.
fn columns(boxes: usize, order: &[usize], arrows: &[(usize, usize)]) -> Vec<Vec<Slot>> {
    let mut depths = vec![0; boxes];
    let mut columns: Vec<Vec<Slot>> = Vec::new();
    for &number in order {
        let into = arrows.iter().filter(|(_, to)| *to == number);
        let depth = into.map(|&(from, _)| depths[from] + 1).max().unwrap_or(0);
        depths[number] = depth;
        if columns.len() <= depth {
            columns.resize_with(depth + 1, Vec::new);
        }
        columns[depth].push(Slot::Box(number));
    }
    for (arrow, &(from, to)) in arrows.iter().enumerate() {
        for column in columns.iter_mut().take(depths[to]).skip(depths[from] + 1) {
            column.push(Slot::Way(arrow));
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Boxes of some widths, and arrows that lead from a box to one of a greater number.
    fn graphs() -> impl Strategy<Value = (Vec<f64>, Vec<(usize, usize)>)> {
        (1_usize..12).prop_flat_map(|boxes| {
            let all: Vec<_> = (0..boxes).flat_map(|to| (0..to).map(move |from| (from, to))).collect();
            let most = all.len().min(20);
            (prop::collection::vec(90.0..300.0, boxes), prop::sample::subsequence(all, 0..=most))
        })
    }

    proptest! {
        #[test]
        fn nothing_stands_in_the_place_of_another((widths, arrows) in graphs()) {
            let order: Vec<_> = (0..widths.len()).collect();
            let layout = Layout::of(&widths, &order, &arrows);
            let boxes: Vec<At> = layout.boxes.iter().copied().map(|at| at.expect("it is drawn")).collect();
            for (number, one) in boxes.iter().enumerate() {
                prop_assert!(one.width >= widths[number]);
                prop_assert!(one.x >= 0.0 && one.right() <= layout.width + 1e-6);
                prop_assert!(one.y >= BOX / 2.0 && one.y <= layout.height - BOX / 2.0 + 1e-6);
                let overlaps = |other: &At| other.x < one.right() && one.x < other.right() && (one.y - other.y).abs() < BOX;
                prop_assert!(!boxes[..number].iter().any(overlaps), "{layout:?}");
                // Nor does an arrow pass behind it.
                let passes = |way: &At| way.x < one.right() && one.x < way.right() && (one.y - way.y).abs() <= BOX / 2.0;
                prop_assert!(!layout.ways.iter().flatten().any(passes), "{layout:?}");
            }
            for (arrow, &(from, to)) in arrows.iter().enumerate() {
                let mut right = boxes[from].right();
                for way in layout.ways[arrow].iter().chain([&boxes[to]]) {
                    prop_assert!(way.x >= right + BESIDE - 1e-6, "it leads to the right by one column: {layout:?}");
                    prop_assert!(way.x <= right + BESIDE + 1e-6);
                    right = way.right();
                }
            }
        }
    }
}
