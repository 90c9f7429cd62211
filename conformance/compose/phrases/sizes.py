"""Much of something: a tensor used many times, and a chain too long for whatever walks a graph by recursion."""

from conformance.compose.phrase import one_of, phrase, seed_for, tracked


@phrase
def fan_out(torch, x: tracked, seed: seed_for("x"), uses: one_of(3, 5, 8, 2, 64)):
    total = x * 1
    for number in range(uses):
        total = total + x * number
    out = total
    out.backward(seed, retain_graph=True)


PHRASES = (fan_out,)
