//! Any frame comes back from any format, as far as that format goes.

use std::io::Cursor;
use std::sync::Arc;

use polars::prelude::{NamedFrom as _, Series};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::{collection, option};

use crate::format::{Format, Wanted};

use super::*;

/// A column's values, in each type that there is; `times` of the day are no type that text can be told to be.
fn values(rows: usize, times: bool) -> BoxedStrategy<Series> {
    fn of<T>(rows: usize, values: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Series>
    where
        T: std::fmt::Debug + 'static,
        Series: polars::prelude::NamedFrom<Vec<Option<T>>, [Option<T>]>,
    {
        collection::vec(option::weighted(0.8, values), rows)
            .prop_map(|values| Series::new("".into(), values))
            .boxed()
    }
    fn cast(values: BoxedStrategy<Series>, dtype: DataType) -> BoxedStrategy<Series> {
        values.prop_map(move |values| values.cast(&dtype).unwrap()).boxed()
    }
    let (day, microseconds) = (86_400_000_000_000i64, 1i64 << 52);
    let mut values = vec![
        of(rows, any::<bool>()),
        of(rows, any::<i32>()),
        of(rows, any::<i64>()),
        of(rows, any::<u64>()),
        of(rows, any::<f32>()),
        of(rows, any::<f64>()),
        of(rows, prop_oneof![any::<String>(), "[a\",\r\n ]{0,3}", "(|NaN|true|007|null)"]),
        cast(of(rows, -100_000..100_000i32), DataType::Date),
        cast(of(rows, -microseconds..microseconds), DataType::Datetime(TimeUnit::Microseconds, None)),
    ];
    if times {
        values.push(cast(of(rows, 0..day), DataType::Time));
    }
    Union::new(values).boxed()
}

/// Frames of up to five columns, whose names end in `names`.
fn frames(names: &'static str, times: bool) -> impl Strategy<Value = DataFrame> {
    let column = move |rows| (names, values(rows, times));
    (0..9usize).prop_flat_map(move |rows| {
        collection::vec(column(rows), 0..5).prop_map(move |columns| frame(rows, columns))
    })
}

fn frame(rows: usize, columns: Vec<(String, Series)>) -> DataFrame {
    let named = columns
        .into_iter()
        .enumerate()
        .map(|(number, (name, values))| Column::from(values.with_name(format!("{number}{name}").into())));
    DataFrame::new(rows, named.collect()).unwrap()
}

/// The frame, written and read.
fn through<F: Format>(frame: &DataFrame, types: bool) -> DataFrame {
    let mut bytes = Vec::new();
    F::default().write(&mut frame.clone(), &mut bytes).unwrap();
    let types = types.then(|| Arc::new(frame.schema().as_ref().clone()));
    F::default().read(Cursor::new(bytes), &Wanted { types: types.as_ref(), columns: &[] }).unwrap()
}

/// Without its feature `fmt` polars shows no more of a frame than its shape.
fn shown(frame: &DataFrame) -> Vec<String> {
    let column = |column: &Column| {
        let values: Vec<_> = (0..column.len()).map(|row| column.get(row).unwrap().to_string()).collect();
        format!("{:?} {}: {}", column.name(), column.dtype(), values.join(", "))
    };
    frame.columns().iter().map(column).collect()
}

fn assert_same(back: &DataFrame, frame: &DataFrame) {
    assert_eq!(back.schema(), frame.schema());
    assert_eq!(back.height(), frame.height());
    assert!(back.equals_missing(frame), "{:?} is not {:?}", shown(back), shown(frame));
}

proptest! {
    #[test]
    fn parquet_keeps_everything(frame in frames(".{0,3}", true)) {
        assert_same(&through::<format::Parquet>(&frame, false), &frame);
    }

    #[cfg(feature = "ipc")]
    #[test]
    fn ipc_keeps_everything(frame in frames(".{0,3}", true)) {
        assert_same(&through::<format::Ipc>(&frame, false), &frame);
    }

    /// But not a quotation mark in a column's name, and not the height of a frame without columns.
    #[test]
    fn csv_keeps_everything_if_it_is_told_the_types(frame in frames("[^\"]{0,3}", false)) {
        prop_assume!(frame.width() > 0 || frame.height() == 0);
        assert_same(&through::<format::Csv>(&frame, true), &frame);
    }

    /// But for what is no finite number, which becomes a null, and the height of a frame without columns.
    #[cfg(feature = "json")]
    #[test]
    fn ndjson_keeps_everything_if_it_is_told_the_types(frame in frames(".{0,3}", false)) {
        prop_assume!(frame.width() > 0 || frame.height() == 0);
        assert_same(&through::<format::Ndjson>(&frame, true), &finite(&frame));
    }
}

#[cfg(feature = "json")]
fn finite(frame: &DataFrame) -> DataFrame {
    let columns = frame.columns().iter().map(|column| match column.dtype() {
        DataType::Float64 => {
            let finite = column.f64().unwrap().iter().map(|value| value.filter(|value| value.is_finite()));
            Column::new(column.name().clone(), finite.collect::<Vec<_>>())
        }
        DataType::Float32 => {
            let finite = column.f32().unwrap().iter().map(|value| value.filter(|value| value.is_finite()));
            Column::new(column.name().clone(), finite.collect::<Vec<_>>())
        }
        _ => column.clone(),
    });
    DataFrame::new(frame.height(), columns.collect()).unwrap()
}
