# Counting and rounding.
package corpus.numbers

default allow := false

allow if sum(input.context.amounts) <= 100

total := sum(input.context.amounts)

product_of := product(input.context.amounts)

most := max(input.context.amounts)

least := min(input.context.amounts)

ordered := sort(input.context.amounts)

rounded := [round(amount) | some amount in input.context.amounts]

up := [ceil(amount) | some amount in input.context.amounts]

down := [floor(amount) | some amount in input.context.amounts]

sizes := [abs(amount) | some amount in input.context.amounts]

range := numbers.range(1, 4)

twice := [n | some amount in input.context.amounts; n := amount * 2]

half := [n | some amount in input.context.amounts; n := amount / 2]

less := [n | some amount in input.context.amounts; n := amount - 0.5]

large := 9007199254740993 + 1

bytes := units.parse_bytes("10MiB")

text := format_int(255, 16)

masks := [bits.and(6, 3), bits.or(6, 3), bits.xor(6, 3), bits.lsh(1, 4)]
