use std::any::Any;
use std::sync::Arc;

use super::Data;

/// Values that are no larger than a reference to them would be, and so need no memory of their own: numbers, and the
/// unit that ops without a result give.
macro_rules! small {
    ($($Variant:ident($T:ty)),* $(,)?) => {
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Small {
            $($Variant($T)),*
        }

        impl Small {
            pub(super) fn of<T: Data>(value: &T) -> Option<Self> {
                let value: &dyn Any = value;
                $(if let Some(value) = value.downcast_ref() {
                    return Some(Self::$Variant(*value));
                })*
                None
            }

            pub(super) fn get<T: Data>(&self) -> Option<&T> {
                let value: &dyn Any = match self {
                    $(Self::$Variant(value) => value),*
                };
                value.downcast_ref()
            }

            pub(super) fn into<T: Data>(self) -> Option<T> {
                let mut value: Option<T> = None;
                let place: &mut dyn Any = &mut value;
                match self {
                    $(Self::$Variant(value) => *place.downcast_mut()? = Some(value)),*
                }
                value
            }

            pub(super) fn whole(self) -> Arc<dyn Any + Send + Sync> {
                match self {
                    $(Self::$Variant(value) => Arc::new(value)),*
                }
            }
        }
    };
}

small! {
    Unit(()), Bool(bool), Char(char),
    I8(i8), I16(i16), I32(i32), I64(i64), Isize(isize),
    U8(u8), U16(u16), U32(u32), U64(u64), Usize(usize),
    F32(f32), F64(f64),
}
