use crate::plan::LoadedAsset;
use crate::storage::StorageError;

/// Why an asset cannot be loaded, and what can be done.
pub(super) struct Lack {
    pub(super) why: String,
    pub(super) hint: String,
}

impl Lack {
    pub(super) fn never(asset: &LoadedAsset, taker: &str, has_instance: bool) -> Self {
        if !has_instance {
            return Self::no_instance();
        }
        let key = &asset.key;
        match asset.external {
            true => Self {
                why: "which others make, and nobody has materialized here".to_owned(),
                hint: format!(
                    "have the program that makes it run on this instance, or say what loads it: `#[external_asset(io = \"..\")]` on `{}`",
                    key.name()
                ),
            },
            false => Self {
                why: "which was never materialized".to_owned(),
                hint: format!(
                    "materialize it before, `materialize {key}`, or with all that is needed: `materialize '+{taker}'`"
                ),
            },
        }
    }

    pub(super) fn nothing_there(asset: &LoadedAsset) -> Self {
        Self {
            why: "of which nothing was there when it was observed last".to_owned(),
            hint: format!("have it observed again when others have made it: `assets observe {}`", asset.key),
        }
    }

    pub(super) fn in_memory(asset: &LoadedAsset) -> Self {
        Self {
            why: "of which nothing is left: it was in the memory of the run that made it".to_owned(),
            hint: format!(
                "make it in the same run, `materialize '{} or ..'`, or have it stored: derive serde's traits for its type, or name an IO manager, `io = \"..\"`",
                asset.key
            ),
        }
    }

    pub(super) fn no_instance() -> Self {
        Self {
            why: "which is not made in this run, and the run knows of no instance that could have it"
                .to_owned(),
            hint: "record the run, `.record(&storage)`, or select the asset too; on the command line leave out `--no-record`"
                .to_owned(),
        }
    }

    pub(super) fn storage(error: &StorageError) -> Self {
        let hint = error.advice().map_or_else(String::new, str::to_owned);
        Self { why: format!("of which cannot be read what is known: {error}"), hint }
    }
}
