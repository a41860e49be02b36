use super::*;

/// What stands in the guide is what a program answers, of the runs of the fixture.
#[test]
fn the_sessions_of_the_guide_are_so() {
    let guide = include_str!("../../../../docs/guide.md");
    let (_, section) = guide.split_once("## Looking back\n").expect("the section");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let blocks = section.split("```text\n").skip(1).filter_map(|block| block.split_once("\n```"));
    let mut told = 0;
    for (block, _) in blocks {
        for session in block.split("$ dex ").skip(1) {
            let (args, shown) = session.split_once('\n').expect("an answer");
            let answer = asked(&args.replace('\'', "")).replace("`program ", "`dex ");
            let (_, answer) = answer.split_once("\n--- stdout\n").expect("data");
            assert_eq!(shown.trim_end(), answer.replace("\n--- stderr\n", "\n"), "{args}");
            told += 1;
        }
    }
    assert_eq!(told, 6);
}
