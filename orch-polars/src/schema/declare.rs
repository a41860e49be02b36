/// Declares what columns a frame has: a type to be said in [`Frame<S>`](crate::Frame), and with the feature `lazy` in `Lazy<S>`.
///
/// ```
/// use orch_polars::schema;
/// use orch_polars::schema::Date;
///
/// schema! {
///     /// What was sold.
///     pub struct Sales {
///         id: i64,
///         /// Nobody noted it at first.
///         name: Option<String>,
///         day: Date,
///         "unit price": f64,
///         tags: Vec<String>,
///         ..
///     }
/// }
/// ```
///
/// A column is written like a field, or in quotes if its name is no word of Rust's. Its type is one of those that are a
/// [`ColumnType`](crate::schema::ColumnType); an `Option` may have nulls, all others have none. With `..` at the end a
/// frame may have other columns as well, without it only these. The order does not matter.
///
/// A column that is declared twice is told by the compiler, `the column 'id' is declared twice`:
///
/// ```compile_fail,E0080
/// orch_polars::schema! {
///     struct Sales { id: i64, name: String, id: String }
/// }
/// ```
///
/// What it declares has no values: rows are in the frame.
#[macro_export]
macro_rules! schema {
    (
        $(#[$about:meta])*
        $visibility:vis struct $schema:ident {
            $($(#[$column:meta])* $($name:ident)? $($text:literal)? : $ty:ty),* $(,)?
        }
    ) => {
        $crate::__schema!(
            [$(#[$about])* $visibility] $schema
            $([$($name)? $($text)?] $ty,)*
        );
    };
    (
        $(#[$about:meta])*
        $visibility:vis struct $schema:ident {
            $($(#[$column:meta])* $($name:ident)? $($text:literal)? : $ty:ty,)* ..
        }
    ) => {
        $crate::__schema!(
            [$(#[$about])* $visibility] $schema
            $([$($name)? $($text)?] $ty,)*
            and_others
        );
    };
}

/// What [`schema!`] writes, of either of its forms.
#[doc(hidden)]
#[macro_export]
macro_rules! __schema {
    (
        [$(#[$about:meta])* $visibility:vis] $schema:ident
        $([$($name:ident)? $($text:literal)?] $ty:ty,)*
        $($others:ident)?
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        $visibility enum $schema {}

        const _: () = {
            let _columns: &[&str] = &[$($(::core::stringify!($name))? $($text)?),*];
            $($crate::schema::declared_once(
                _columns,
                $(::core::stringify!($name))? $($text)?,
                ::core::concat!("the column `", $(::core::stringify!($name))? $($text)?, "` is declared twice"),
            );)*
        };

        impl $crate::schema::FrameSchema for $schema {
            fn schema() -> $crate::schema::Schema {
                $crate::schema::Schema::new(::core::stringify!($schema))
                    $(.column::<$ty>($(::core::stringify!($name))? $($text)?))*
                    $(.$others())?
            }
        }
    };
}

/// Stops the compiler, with this message, where a schema has a column of this name twice.
#[doc(hidden)]
pub const fn declared_once(columns: &[&str], name: &str, message: &str) {
    let (mut found, mut at) = (0, 0);
    while at < columns.len() {
        if is(columns[at].as_bytes(), name.as_bytes()) {
            found += 1;
        }
        at += 1;
    }
    assert!(found == 1, "{}", message);
}

/// What `==` does, which the compiler cannot do before the program runs.
const fn is(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
