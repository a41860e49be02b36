//! Expansions, one snapshot for each feature.
