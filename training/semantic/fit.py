#!/usr/bin/env python3
"""Fits the embedded scorer of texts, and measures it: `README.md` beside this says how to get what it reads.

    fit.py FEATURES WORDS VECTORS MODEL           writes the model
    fit.py FEATURES WORDS VECTORS --report        held out by near-duplicate, then by family; prints Markdown

A text is as bad as its worst passage (three sentences), so an attack's best passage is fitted to, and every passage of a harmless text.
"""
import collections
import hashlib
import re
import struct
import sys

import numpy as np
import scipy.optimize
import scipy.sparse as sp
from scipy.stats import rankdata

SEED = 1
PULL = 0.3  # of the weights towards nothing
ATTACK = 20.0  # what a family of attacks weighs, by the root of how many it has
OURS = 0.4  # what an attack of our own weighs beside one of others
FEW = 20.0  # as in embedded.rs
WORDS = 1 << 18  # as in features.rs
FIRSTS, BUCKETS = WORDS, WORDS + (1 << 17) + (1 << 17)
SAID = 128
PLAIN = BUCKETS + SAID + 6  # what is no vector
HALF, WORD_SCALE, FIRST_SCALE, SCORE_SCALE = 0.5, 2.5, 2.0, 3.0
COMMON = 100  # words too common to mean anything
# Where a score of a half and one of 0.8 lie, from what was held out (`--report`); descriptions are manuals and full of orders.
HALFWAY, BLOCK, DESCRIBED = 0.7, 1.8, 1.0
CROWD = 0.2  # what the strongest passage of many loses for each time that there are e times as many: of many, some are strong by chance
FOLDS = 4
PERMISSIVE = re.compile(r"^(MIT|Apache|BSD|CC0|CC-BY-4|Unlicense)(?!.*(SA|NC|GPL|no LICENSE|none))")
# Not injection, or nothing of it in the text.
NOT_TEXT = re.compile(r"^(secrets_recognisable|secrets_vendor|ipi_wasp$)")
OWN = re.compile(r"^(own_|ben_own|ben_x_)")


class Case:
    """A labelled message: its passages, and among how many each stands."""

    def __init__(self, line):
        self.name, self.family, label, self.direction, licence, self.source, passages = line.rstrip("\n").split("\t")
        self.bad, self.passages = label == "malicious", int(passages)
        self.usable = bool(PERMISSIVE.match(licence)) and not NOT_TEXT.match(self.family)
        self.texts, self.rows, self.among = [], [], []


def load(prefix):
    """The cases, the features of their passages, and the passages' L1 scores."""
    raw = open(prefix + ".bin", "rb").read()
    at, cases, scores = 0, [], []
    pointers, columns, values = [0], [], []
    for line in open(prefix + ".tsv", encoding="utf-8"):
        case = Case(line)
        for _ in range(case.passages):
            score, among, low, high, count = struct.unpack_from("<iIQQI", raw, at)
            at += 28
            case.among.append(among)
            parts, often = np.unique(np.frombuffer(raw, "<u4", count, at), return_counts=True)
            at += 4 * count
            (length,) = struct.unpack_from("<I", raw, at)
            case.texts.append(raw[at + 4 : at + 4 + length].decode())
            at += 4 + length
            said = [n for n in range(SAID) if (low | high << 64) >> n & 1]
            first = BUCKETS + SAID + (3 if case.direction == "tools_list" else 0)
            of_score = [first, first + 1] + ([first + 2] if first > BUCKETS + SAID else [])
            columns += [parts.astype(np.int32), np.array(said, np.int32) + BUCKETS, np.array(of_score, np.int32)]
            known = [np.clip(score / 100, -2, 6) * SCORE_SCALE, np.clip(score / 100 - 2.5, 0, 3) * SCORE_SCALE, SCORE_SCALE]
            values += [(often / np.sqrt(count + FEW)).astype(np.float32), np.full(len(said), HALF, np.float32), np.array(known[: len(of_score)], np.float32)]
            pointers.append(pointers[-1] + len(parts) + len(said) + len(of_score))
            case.rows.append(len(scores))
            scores.append(score)
        cases.append(case)
    matrix = sp.csr_matrix((np.concatenate(values), np.concatenate(columns), np.array(pointers)), shape=(len(scores), PLAIN))
    return cases, matrix, np.array(scores)


class Vectors:
    """What is known of words beforehand: a vector each. A linear model of their sum is one number a word."""

    def __init__(self, words, vectors):
        known = np.fromfile(vectors, np.float32).reshape(-1, 100)
        known /= np.linalg.norm(known, axis=1, keepdims=True) + 1e-9
        known[:COMMON] = 0
        buckets = np.loadtxt(words, dtype=int)
        self.tables = []
        for column, scale in ((0, WORD_SCALE), (1, FIRST_SCALE)):
            places, order = np.unique(buckets[:, column], return_index=True)
            order = order[places < BUCKETS]
            self.tables.append((places[places < BUCKETS], known[order] * scale))

    def beside(self, matrix):
        """The features, and beside them what is known of their words: few numbers that all are something."""
        matrix.data = matrix.data.astype(np.float32)
        return matrix, np.hstack([np.asarray(matrix[:, places] @ known, np.float32) for places, known in self.tables])

    def folded(self, weights):
        """The weights of the buckets alone."""
        plain = weights[:PLAIN].copy()
        for n, (places, known) in enumerate(self.tables):
            start = PLAIN + 100 * n
            plain[places] += known @ weights[start : start + 100]
        return plain


def descend(features, vectors, sign, mass, start, steps=60):
    """Logistic regression."""
    columns = np.unique(features.indices)
    features = features[:, columns].astype(np.float64)
    across, of_vectors, count = features.T.tocsr(), np.ascontiguousarray(vectors.T), len(columns)

    def loss(point):
        known = (vectors @ point[count:-1].astype(np.float32)).astype(np.float64)
        margin = sign * (features @ point[:count] + known + point[-1])
        slope = -sign * mass / (1 + np.exp(np.clip(margin, -50, 50)))
        value = (mass * np.logaddexp(0, -margin)).sum() + 0.5 * PULL * (point[:-1] @ point[:-1])
        steep = np.concatenate([across @ slope, (of_vectors @ slope.astype(np.float32)).astype(np.float64)])
        return value, np.append(steep + PULL * point[:-1], slope.sum())

    begin = np.concatenate([start[:PLAIN][columns], start[PLAIN:]])
    found = scipy.optimize.minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 8}).x
    weights = np.zeros(len(start))
    weights[:PLAIN][columns], weights[PLAIN:] = found[:count], found[count:]
    return weights


def weighed(matrix, weights):
    features, vectors = matrix
    return features @ weights[:PLAIN] + vectors @ weights[PLAIN:-1].astype(np.float32) + weights[-1]


def fit(cases, matrix, scores, chosen):
    rng = np.random.RandomState(SEED)
    often = collections.Counter(case.family for case in chosen if case.bad)
    attacks = [case for case in chosen if case.bad and case.rows]
    harmless = np.array([row for case in chosen if not case.bad for row in case.rows])
    mass = np.array([ATTACK * often[case.family] ** -0.5 * (OURS if OWN.match(case.family) else 1.0) for case in attacks])
    features, vectors = matrix
    weights, guess = np.zeros(PLAIN + vectors.shape[1] + 1), scores
    for turn in range(3):
        # Of harmless passages those that come close, and a tenth of the others for all of them.
        near = guess[harmless] > -5 if turn else np.zeros(len(harmless), bool)
        share = 0.1 if turn else 0.15
        kept = near | (rng.rand(len(harmless)) < share)
        best = [max(case.rows, key=lambda row: guess[row]) for case in attacks]
        rows = np.concatenate([np.array(best), harmless[kept]])
        sign = np.concatenate([np.ones(len(best)), -np.ones(kept.sum())])
        weights = descend(features[rows], vectors[rows], sign, np.concatenate([mass, np.where(near[kept], 1.0, 1 / share)]), weights)
        guess = weighed(matrix, weights)
    return weights


def write(path, weights, vectors):
    plain, bias = vectors.folded(weights), weights[-1]
    table, said, known = plain[:BUCKETS], plain[BUCKETS : BUCKETS + SAID] * HALF, plain[BUCKETS + SAID :] * SCORE_SCALE
    scale = np.sort(np.abs(table))[-64] / 127
    numbers = [scale, bias, known[0], known[1], bias + known[5] - DESCRIBED, known[3], known[4], 1.386 / (BLOCK - HALFWAY), HALFWAY, CROWD]
    with open(path, "wb") as out:
        out.write(b"VANGSEM3")
        out.write(struct.pack(f"<{len(numbers)}f", *numbers))
        out.write(said.astype("<f4").tobytes())
        out.write(np.clip(np.round(table / scale), -127, 127).astype(np.int8).tobytes())
    print(path, hashlib.sha256(open(path, "rb").read()).hexdigest())


# What follows measures.


def number(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "little")


def pairs(text):
    words = re.findall(r"\w+", text.lower())
    return {number(" ".join(words[n : n + 2])) for n in range(len(words) - 1)} or {number(text)}


def groups(cases, scores):
    """What belongs together: attacks whose best passages share half of their pairs of words, harmless texts by how they begin."""
    found = np.zeros(len(cases), np.int64)
    families = collections.defaultdict(list)
    for n, case in enumerate(cases):
        if case.bad:
            families[case.family].append(n)
        else:
            found[n] = number(case.source.split("#")[0] if OWN.match(case.family) else (case.texts[0][:80] if case.texts else case.name))
    for family, members in families.items():
        said = [pairs(cases[n].texts[int(np.argmax(scores[cases[n].rows]))] if cases[n].rows else "") for n in members]
        leader = list(range(len(members)))

        def lead(n):
            while leader[n] != n:
                n = leader[n]
            return n

        for a in range(len(members)):
            for b in range(a):
                same = cases[members[a]].source == cases[members[b]].source if OWN.match(family) else False
                shared = len(said[a] & said[b])
                if same or shared >= 2 and 2 * shared >= min(len(said[a]), len(said[b])) or said[a] == said[b]:
                    leader[lead(a)] = lead(b)
        for a, n in enumerate(members):
            found[n] = number(f"{family}/{lead(a)}")
    return found


LANGUAGES = [("ru", r"[а-я]{3}"), ("hi", r"[\u0900-\u097f]{2}"), ("ar", r"[\u0621-\u064a]{2}"), ("th", r"[\u0e00-\u0e7f]{2}"), ("ko", r"[\uac00-\ud7a3]{2}"), ("ja", r"[\u3040-\u30ff]{2}"),
             ("zh", r"[\u4e00-\u9fff]{2}"), ("es", r"\b(el|los|las|qué|cuál|es|del)\b"), ("fr", r"\b(le|les|est|une|vous|des)\b"), ("de", r"\b(der|die|das|ist|und|nicht)\b"),
             ("pt", r"\b(você|não|uma|qual|seu|os)\b"), ("id", r"\b(yang|apa|dan|saya|adalah)\b"), ("en", r"\b(the|is|a|to|you|of)\b")]


def language(case):
    text = " ".join(case.texts).lower()
    count = [(len(re.findall(pattern, text)), -n, name) for n, (name, pattern) in enumerate(LANGUAGES)]
    return max(count)[2] if max(count)[0] else "other"


def auc(bad, good):
    ranks = rankdata(np.concatenate([bad, good]))
    return (ranks[: len(bad)].sum() - len(bad) * (len(bad) + 1) / 2) / len(bad) / len(good)


def measure(cases, found, title):
    real = [n for n, case in enumerate(cases) if not OWN.match(case.family) and not case.family.startswith("secrets_") or case.family == "secrets_negative"]
    benign = np.array([found[n] for n in real if not cases[n].bad and cases[n].family.startswith("ben_")])
    hard = np.array([found[n] for n in real if not cases[n].bad and not cases[n].family.startswith("ben_")])
    bad = np.array([found[n] for n in real if cases[n].bad])
    print(f"\n## {title}\n\nArea under the curve against ordinary texts {auc(bad, benign):.4f}, with hard negatives {auc(bad, np.concatenate([benign, hard])):.4f}.\n")
    cuts = {"0.5 % of ordinary texts": np.sort(benign)[::-1][int(len(benign) * 0.005)] + 1e-9, "score 0.5": HALFWAY, "score 0.8": BLOCK}
    families = collections.defaultdict(list)
    for n in real:
        families[cases[n].family].append(found[n])
    attacks = {case.family for case in cases if case.bad}
    print("| | " + " | ".join(cuts) + " |\n| --- |" + " --- |" * len(cuts))
    row = lambda name, values: print(f"| {name} | " + " | ".join(f"{100 * value:.1f}" for value in values) + " |")
    row("ordinary texts found", [np.mean(benign >= cut) for cut in cuts.values()])
    row("hard negatives found", [np.mean(hard >= cut) for cut in cuts.values()])
    row("NotInject found", [np.mean(np.array(families["hardneg_notinject"]) >= cut) for cut in cuts.values()])
    row("mean of ipi_*", [np.mean([np.mean(np.array(v) >= cut) for f, v in families.items() if f.startswith("ipi_")]) for cut in cuts.values()])
    for family in sorted(f for f in families if f in attacks):
        row(f"{family} ({len(families[family])})", [np.mean(np.array(families[family]) >= cut) for cut in cuts.values()])
    by_language = collections.defaultdict(list)
    for n in real:
        if cases[n].bad:
            by_language[language(cases[n])].append(found[n])
    print("\nBy language (attacks found):\n\n| language | attacks | " + " | ".join(cuts) + " |\n| --- | --- |" + " --- |" * len(cuts))
    for name, values in sorted(by_language.items()):
        print(f"| {name} | {len(values)} | " + " | ".join(f"{100 * np.mean(np.array(values) >= cut):.0f}" for cut in cuts.values()) + " |")


def runs(case):
    """Every five words in a row."""
    found = set()
    for text in case.texts:
        words = re.findall(r"\w+", text.lower())
        found.update(number(" ".join(words[n : n + 5])) for n in range(len(words) - 4))
    return found


def held_out(cases, matrix, scores, parts):
    """Of sentences of our own, who have read the corpora, none is learnt from that shares five words in a row with an attack that is measured."""
    found = np.full(len(cases), -20.0)
    own = {n: runs(case) for n, case in enumerate(cases) if case.bad and OWN.match(case.family)}
    for part in sorted(set(parts)):
        measured = set().union(*(runs(case) for n, case in enumerate(cases) if case.bad and parts[n] == part and n not in own))
        seen = [case for n, case in enumerate(cases) if case.usable and parts[n] != part and not (n in own and own[n] & measured)]
        weights = fit(cases, matrix, scores, seen)
        guess = weighed(matrix, weights)
        for n, case in enumerate(cases):
            if parts[n] == part and case.rows:
                found[n] = (guess[case.rows] - CROWD * np.log(case.among)).max() - (DESCRIBED if case.direction == "tools_list" else 0)
    return found


def main():
    prefix, words, vectors, target = sys.argv[1:5]
    vectors = Vectors(words, vectors)
    cases, matrix, scores = load(prefix)
    matrix = vectors.beside(matrix)
    if target != "--report":
        write(target, fit(cases, matrix, scores, [case for case in cases if case.usable]), vectors)
        return
    measure(cases, held_out(cases, matrix, scores, groups(cases, scores) % FOLDS), "Held out by near-duplicate")


if __name__ == "__main__":
    main()
