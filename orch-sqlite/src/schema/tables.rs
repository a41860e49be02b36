//! The tables of each database, as they came to be.

use super::Schema;

/// The list of runs and the facts about assets; marked `orcI`.
pub(crate) const INSTANCE: Schema = Schema {
    what: "list of runs",
    application: 0x6f72_6349,
    steps: &["
        CREATE TABLE run (
            id TEXT PRIMARY KEY,        -- in hexadecimal, with dashes
            job TEXT NOT NULL,
            status TEXT NOT NULL,
            created INTEGER NOT NULL,   -- nanoseconds since 1970
            settled INTEGER NOT NULL,   -- 0 if its events may say something else
            record TEXT NOT NULL,       -- all that is known at a glance, as JSON
            sum INTEGER NOT NULL        -- over all of it but `settled`
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX newest ON run (created DESC, id DESC);
        CREATE INDEX unsettled ON run (id) WHERE settled = 0;
        -- Those under way are few, however many there were before.
        CREATE INDEX newest_of_status ON run (status, created DESC, id DESC);
        -- What is no run, whatever is in its folder: it was removed, or is not yet imported.
        CREATE TABLE removed (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        -- What is known of assets, a row for each materialization. It stays when its run is removed.
        CREATE TABLE fact (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL,
            event INTEGER NOT NULL,     -- its number in the log of that run
            asset TEXT NOT NULL,
            partition TEXT,             -- null if the asset has none
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            fact TEXT NOT NULL,         -- all that is known of it, as JSON
            sum INTEGER NOT NULL,       -- over run, event and all up to here
            value BLOB,                 -- if it is small, and was not cleared away
            value_sum INTEGER,          -- over event and value, if there is one
            alone INTEGER NOT NULL DEFAULT 0, -- 1 if its run was removed, and its value or file may lie here still
            -- 1 if others make it and it was observed, 2 if nothing was there by then; as the fact says.
            observed INTEGER NOT NULL DEFAULT 0,
            UNIQUE (run, event)
        ) STRICT;
        CREATE INDEX newest_of_asset ON fact (asset, time);
        CREATE INDEX newest_made ON fact (asset, partition, time);
        CREATE INDEX alone ON fact (id) WHERE alone = 1;
        -- In the order in which they became known.
        CREATE INDEX told_of_asset ON fact (asset, id, partition, observed);
        CREATE TABLE asset (
            key TEXT PRIMARY KEY,
            materializations INTEGER NOT NULL,
            latest INTEGER NOT NULL     -- the newest of its facts
        ) STRICT, WITHOUT ROWID;
        -- A row for each partition of which there is a fact, however many there are of it.
        CREATE TABLE asset_partition (
            asset TEXT NOT NULL,
            partition TEXT NOT NULL,
            latest INTEGER NOT NULL,    -- the newest of its facts
            PRIMARY KEY (asset, partition)
        ) STRICT, WITHOUT ROWID;
        -- What was to be materialized and failed, a row for each time. It stays when its run is removed.
        CREATE TABLE failed (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL,
            event INTEGER NOT NULL,     -- its number in the log of that run
            asset TEXT NOT NULL,
            partition TEXT,             -- null if the asset has none
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            fact TEXT NOT NULL,         -- all that is known of it, as JSON
            sum INTEGER NOT NULL,       -- over all of it up to here but `id`
            observed INTEGER NOT NULL DEFAULT 0, -- 1 if others make it and it was to be observed, as the fact says
            UNIQUE (run, event)
        ) STRICT;
        CREATE INDEX newest_failed ON failed (asset, partition, time);
        CREATE INDEX failed_of_asset ON failed (asset, id, partition);
        -- What was passed over since it was as it would be made, a row for each time. Of removed runs the latest stay.
        CREATE TABLE passed_over (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- none is given twice: rows go, and what is kept of partitions stays
            run TEXT NOT NULL,
            event INTEGER NOT NULL,     -- its number in the log of that run
            asset TEXT NOT NULL,
            partition TEXT,             -- null if the asset has none
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            sum INTEGER NOT NULL,       -- over all of it but `id` and `alone`
            alone INTEGER NOT NULL DEFAULT 0, -- 1 if its run was removed
            UNIQUE (run, event, asset)
        ) STRICT;
        CREATE INDEX passed_over_alone ON passed_over (asset, partition) WHERE alone = 1;
        CREATE INDEX newest_passed_over ON passed_over (asset, partition, time);
        CREATE INDEX passed_over_of_asset ON passed_over (asset, id, partition);
        -- Which partitions are materialized, which failed, and which were observed: what facts say as well, but not in no time.
        CREATE TABLE partition_status (
            asset TEXT PRIMARY KEY,
            partitions TEXT NOT NULL,   -- which key each index is of, as a hash
            left_out INTEGER NOT NULL,  -- 1 if facts of keys that have no index are not in it
            fact INTEGER NOT NULL,      -- the last of the facts of the asset that are in it
            failure INTEGER NOT NULL,   -- the last of those that failed
            passed_over INTEGER NOT NULL, -- the last of those that were passed over
            materialized BLOB NOT NULL, -- a compressed bitmap of indexes
            failed BLOB NOT NULL,       -- the same
            observed BLOB NOT NULL,     -- the same
            unseen BLOB NOT NULL,       -- the same, of those at which the last look failed
            sum INTEGER NOT NULL,       -- over all of these
            -- How often facts of the asset were taken away: what was found before that is not kept any more.
            taken_away INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        -- What checks have found, a row for each time that one has looked. It stays when its run is removed.
        CREATE TABLE evaluation (
            run TEXT NOT NULL,
            event INTEGER NOT NULL,     -- its number in the log of that run
            asset TEXT NOT NULL,
            name TEXT NOT NULL,         -- of the check, among those of the asset
            partition TEXT,             -- null if the asset has none
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            fact TEXT NOT NULL,         -- all that is known of it, as JSON
            sum INTEGER NOT NULL,       -- over all of it
            PRIMARY KEY (run, event)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX newest_of_check ON evaluation (asset, name, time);
        CREATE INDEX newest_of_partition ON evaluation (asset, name, partition, time) WHERE partition IS NOT NULL;
        -- A row for each partition that a check has looked at: what it found last.
        CREATE TABLE check_partition (
            asset TEXT NOT NULL,
            name TEXT NOT NULL,
            partition TEXT NOT NULL,
            time INTEGER NOT NULL,
            run TEXT NOT NULL,
            event INTEGER NOT NULL,
            PRIMARY KEY (asset, name, partition)
        ) STRICT, WITHOUT ROWID;
        -- What memoized steps were made of, a row for each that has succeeded. It goes with its run, which has the values.
        CREATE TABLE memo (
            run TEXT NOT NULL,
            event INTEGER NOT NULL,     -- its number in the log of that run
            op TEXT NOT NULL,           -- the name by which the op is known
            code TEXT,                  -- the code that it was made by, with its kind
            key TEXT NOT NULL,          -- that of all that it was made of
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            memo TEXT NOT NULL,         -- all that is known of it, as JSON
            sum INTEGER NOT NULL,       -- over all of it
            PRIMARY KEY (run, event)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX newest_of_op ON memo (op, code, time);
    "],
};

/// A run; marked `orcR`.
pub(crate) const RUN: Schema = Schema {
    what: "run",
    application: 0x6f72_6352,
    steps: &["
        CREATE TABLE run (
            record TEXT NOT NULL,       -- as it was when the run was made, as JSON
            pinned BLOB NOT NULL,       -- what it was begun with, as JSON, in LZ4 behind its length
            blake3 TEXT NOT NULL,       -- the hash of that, in hexadecimal
            -- Up to the event of this number it was told in another instance; 0 if it was made here.
            imported INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        -- How much there was when the log was last brought into this file: damage may hide rows.
        CREATE TABLE seal (
            last INTEGER NOT NULL,      -- the number of the last event or log line
            events INTEGER NOT NULL,    -- how many are events
            outline INTEGER NOT NULL,   -- how many of these say where the run stands as a whole
            sum INTEGER NOT NULL        -- over all of it
        ) STRICT;
        -- Events and log lines share one sequence of numbers, which leaves none out.
        CREATE TABLE event (
            number INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            step TEXT,
            attempt INTEGER NOT NULL,
            kind TEXT NOT NULL,
            fields TEXT,                -- a JSON object
            sum INTEGER NOT NULL,       -- over all other columns
            value BLOB                  -- that of the output, if it is small
        ) STRICT;
        -- Few of them say where the run stands as a whole, what has failed, what became of assets, or of what
        -- memoized steps were made, and these are looked for
        -- in runs of any size. The condition costs little, since it is asked of each event that is written.
        CREATE INDEX told ON event (kind) WHERE kind < 'STEP' OR kind IN ('STEP_FAILURE', 'STEP_MEMOIZED');
        CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            step TEXT,
            attempt INTEGER NOT NULL,
            level INTEGER NOT NULL,     -- from 0, trace, to 4, error
            target TEXT NOT NULL,
            message TEXT NOT NULL,
            fields TEXT,                -- a JSON object
            sum INTEGER NOT NULL        -- over all columns
        ) STRICT;
    "],
};

/// The sets of keys of partitions; marked `orcK`. They are told by no run, so that the list could not be made anew with them.
pub(crate) const KEYS: Schema = Schema {
    what: "sets of partition keys",
    application: 0x6f72_634b,
    steps: &["
        -- A key stays when it is removed, with its number.
        CREATE TABLE key (
            of TEXT NOT NULL,           -- the name of the set
            number INTEGER NOT NULL,    -- from 0, in the order in which keys of the set were first added
            key TEXT NOT NULL,
            present INTEGER NOT NULL,   -- 0 if it was removed
            sum INTEGER NOT NULL,       -- over all of it
            PRIMARY KEY (of, number),
            UNIQUE (of, key)
        ) STRICT, WITHOUT ROWID;
    "],
};

/// A run in a file of its own, with its artifacts: made of a copy of its database; marked `orcP`.
pub(crate) const PARCEL: Schema = Schema { what: "exported run", application: 0x6f72_6350, steps: RUN.steps };

/// What a parcel has besides.
pub(crate) const PARCEL_FILES: &str = "
    CREATE TABLE artifact (
        name TEXT PRIMARY KEY,
        bytes INTEGER NOT NULL,
        blake3 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE piece (
        artifact TEXT NOT NULL,
        number INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (artifact, number)
    ) STRICT;
";
