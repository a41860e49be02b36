//! Assets with partitions that one step makes: each partition of each is a materialization of its own.

use orch::partition::{ByKey, Partitioning, PartitionsDefinition};

use super::*;

struct Town;

impl Partitioning for Town {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["bonn", "ulm"])
    }
}

#[derive(Outputs)]
struct Census {
    #[asset]
    people: usize,
    #[asset]
    houses: Optional<usize>,
}

#[multi_asset(key_prefix = "town")]
fn census(town: &Partition<Town>, context: &Context) -> Census {
    context.add_metadata("letters", town.key().to_string().len());
    let count = town.key().to_string().len();
    Census { people: count * 10, houses: WithMetadata::new(count).metadata("floors", 2).into() }
}

#[asset(partitions = Town)]
fn density(people: usize, houses: usize) -> usize {
    people / houses
}

#[asset]
fn all_people(people: &Partitions<usize>) -> usize {
    people.values().sum()
}

fn run(definitions: &Definitions, storage: &Arc<dyn Storage>, selection: &str, partition: &str) -> Run {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).record(storage).partition(partition);
    runner.keep_outputs().keep_events().max_concurrent(1).run_blocking().expect("it succeeds")
}

#[test]
fn one_step_makes_the_same_partition_of_each() {
    let (definitions, storage) =
        (Definitions::new().assets(assets![people, houses, density, all_people]), storage());
    let made = run(&definitions, &storage, "*", "*");
    insta::assert_snapshot!(ran(&made).join(" "), @"census[bonn] density[bonn] census[ulm] density[ulm] town_partitions all_town_partitions read_town__people all_people");
    insta::assert_snapshot!(facts(&storage), @r"
    town/people[bonn], data 960e150b, letters: Int(4), fact
    town/houses[bonn], data 0c389a74, floors: Int(2), letters: Int(4), fact
    density[bonn], data 295192ea, of town/people[bonn] 960e150b, of town/houses[bonn] 0c389a74, fact
    town/people[ulm], data eb90b747, letters: Int(3), fact
    town/houses[ulm], data e1e0e81d, floors: Int(2), letters: Int(3), fact
    density[ulm], data 295192ea, of town/people[ulm] eb90b747, of town/houses[ulm] e1e0e81d, fact
    all_people, data 542a1d6b, of town/people[bonn, ulm] cb67c048, fact
    ");
    assert_eq!(*made.output::<all_people>(), 70);
    // What is not asked for is left out, and taken as it was made before.
    let made = run(&definitions, &storage, "town/people or density", "ulm");
    insta::assert_snapshot!(ran(&made).join(" "), @"census[ulm] read_town__houses[ulm] density[ulm] town_partitions");
    let now = facts(&storage);
    let lines: Vec<_> = now.lines().skip(7).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    town/people[ulm], data eb90b747, letters: Int(3), fact
    density[ulm], data 295192ea, of town/people[ulm] eb90b747, of town/houses[ulm] e1e0e81d, fact
    ");
}
