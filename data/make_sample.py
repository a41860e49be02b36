#!/usr/bin/env python3
"""Makes `data/pokemon.csv`, the sample in this folder, from the full data set. See README.md beside this file.

    python3 data/make_sample.py path/to/the/full/pokemon.csv

Needs nothing but Python's standard library. The result depends on the input alone.
"""

import csv
import hashlib
import pathlib
import sys

# The full set this sample was made of; another edition may have other figures.
FULL_SET = "d11af5a43aeb5a3661060f1eddc5c63ec4b4657ffe0a8018ba5aa6b260b4c97a"

# Seven pages of 100, so that a fan-out over pages is wider than the four slots of the example that reads them.
GENERATIONS = {"1", "2", "3", "4", "5"}

# Later records with a trap that those lack: a name with an accent, and a number that is text.
TRAPS = {"Flabébé", "Minior"}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_sample.py FULL_SET.csv")
    full = pathlib.Path(sys.argv[1]).read_bytes()
    digest = hashlib.sha256(full).hexdigest()
    if digest != FULL_SET:
        sys.exit(f"{sys.argv[1]} is another edition of the data set:\n  has    {digest}\n  wanted {FULL_SET}")

    header, *records = csv.reader(full.decode("utf-8").splitlines())
    generation, name = header.index("generation"), header.index("name")
    chosen = [record for record in records if record[generation] in GENERATIONS or record[name] in TRAPS]

    sample = pathlib.Path(__file__).with_name("pokemon.csv")
    with sample.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *chosen])
    print(f"{sample}: {len(chosen)} records, SHA-256 {hashlib.sha256(sample.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
