#!/usr/bin/env python3
"""Makes `data/sales/`, what the tills of an invented shop wrote. See README.md beside this file.

    python3 data/make_sales.py

Needs nothing but Python's standard library, and makes the same bytes each time.
"""

import datetime
import pathlib
import random

FOLDER = pathlib.Path(__file__).parent / "sales"

PRODUCTS = [
    ("espresso", "coffee", 220),
    ("cappuccino", "coffee", 310),
    ("filter", "coffee", 260),
    ("green", "tea", 280),
    ("mint", "tea", 290),
    ("croissant", "bakery", 190),
    ("brownie", "bakery", 270),
    ("bagel", "bakery", 340),
]

FIRST = datetime.date(2024, 1, 1)
# Five weeks from Monday to Sunday.
DAYS = 35
# On this day somebody mistyped a quantity.
MISTAKE = datetime.date(2024, 1, 17)


def main():
    (FOLDER / "orders").mkdir(parents=True, exist_ok=True)
    lines = ["product,category,cents"] + [f"{name},{kind},{cents}" for name, kind, cents in PRODUCTS]
    write(FOLDER / "products.csv", lines)
    # One generator for all days, so that a day depends on those before it and never on the clock.
    chance = random.Random(2024)
    number = 1000
    for day in (FIRST + datetime.timedelta(days=n) for n in range(DAYS)):
        lines = ["order,product,pieces"]
        for _ in range(chance.randint(12, 24)):
            number += 1
            product = chance.choice(PRODUCTS)[0]
            lines.append(f"{number},{product},{chance.randint(1, 4)}")
        if day == MISTAKE:
            order, product, pieces = lines[5].split(",")
            lines[5] = f"{order},{product},-{pieces}"
        write(FOLDER / "orders" / f"{day}.csv", lines)


def write(path, lines):
    path.write_bytes(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
