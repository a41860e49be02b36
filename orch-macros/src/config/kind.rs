use syn::{GenericArgument, PathArguments, Type};

use crate::func;

/// What a type is, so far as its name tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Float,
    Text,
    List,
    /// Neither of them.
    Other,
    Unknown,
}

impl Kind {
    pub(super) fn of(ty: &Type) -> Self {
        let Some(last) = func::last_segment(ty) else { return Self::Unknown };
        match &*last.ident.to_string() {
            "Option" | "Box" | "Arc" => match &last.arguments {
                PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                    Some(GenericArgument::Type(inner)) => Self::of(inner),
                    _ => Self::Unknown,
                },
                _ => Self::Unknown,
            },
            "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
            | "usize" => Self::Integer,
            "f32" | "f64" => Self::Float,
            "String" | "PathBuf" => Self::Text,
            "Vec" | "VecDeque" | "HashSet" | "BTreeSet" => Self::List,
            "bool" | "char" | "HashMap" | "BTreeMap" | "Secret" => Self::Other,
            _ => Self::Unknown,
        }
    }
}
