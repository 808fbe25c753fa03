#!/usr/bin/env python3
"""Measures what a scorer of calls would add to the rules: `README.md` beside this says what came of it. It writes no model.

    vanguard eval CORPORA/*.jsonl --out cases.jsonl
    intent.py cases.jsonl CORPORA/*.jsonl           prints Markdown

A call is its tool, the names of its arguments, their words, pairs and threes of words, fives of letters, and what rules said of it that did
not refuse it. Logistic regression, at its best: nothing is quantised, and no time is kept to.
"""
import collections
import hashlib
import json
import re
import sys

import numpy as np
import scipy.optimize
import scipy.sparse as sp
from scipy.stats import rankdata

SEED = 1
BUCKETS = 1 << 18
PULL, FEW, READ = 0.1, 20.0, 2000
FOLDS, BANDS, ROWS = 4, 8, 4  # calls are near-duplicates where four of 32 hashes of their longest value agree
FALSE_ALARMS = (0.001, 0.002, 0.005)
PERMISSIVE = re.compile(r"^(MIT|Apache|BSD|CC0|CC-BY-4|Unlicense)(?!.*(SA|NC|GPL|no LICENSE|none))")
# What test kits are called by themselves: whoever knows that knows the answer.
KITS = re.compile(r"(?i)atomic[-_ ]?red[-_ ]?team|\batomics?\b|\bART-?|T[01]\d{3}([._]\d+)?(_\w+)?|redcanary|attacker|drop@|externalpayloads")
TOKEN = re.compile(r"[A-Za-z_]+|\d+|[^\sA-Za-z0-9_]+")
# Families that are about the same: none of them is learnt from where one is measured.
KINDS = {
    "tools of Linux and Windows": "atomic_ lolbas gtfobins",
    "secrets that leave": "secrets_exfil",
    "SQL": "sqli mgm_sqli crs_sqli",
    "commands and code in values": "command_injection mgm_cmdexe mgm_shellshock mgm_log4shell crs_rce crs_generic crs_php",
    "addresses": "ssrf crs_ssrf",
    "shells and what follows them": "honeypot reverse_shell malicious_shell privesc",
}


class Call:
    def __init__(self, case, judged):
        arguments = case["message"]["params"]["arguments"]
        self.family, self.bad = case["family"], case["label"] == "malicious"
        self.usable = bool(PERMISSIVE.match(case.get("licence") or ""))
        self.missed = self.bad and not judged["stopped"]
        values = [(key, re.sub(r"\d+", "0", KITS.sub("", text)[:READ].lower())) for key, text in leaves(arguments)]
        self.features = sorted({bucket(name) for name in features(case["message"]["params"].get("name", ""), values, judged)})
        longest = max((text for _, text in values), key=len, default="")
        words = TOKEN.findall(longest)
        pairs = {bucket(" ".join(pair)) for pair in zip(words, words[1:])} or {bucket(longest)}
        self.print = [min((a * pair + b) % (2**31 - 1) for pair in pairs) for a, b in HASHES]


def leaves(value, key=""):
    if isinstance(value, dict):
        return [leaf for name, part in value.items() for leaf in leaves(part, name)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part, key)]
    return [(key, value)] if isinstance(value, str) else []


def features(tool, values, judged):
    yield "tool " + tool
    for rule in judged["rules"][judged["refusing"] :]:
        yield "rule " + rule
    for key, text in values:
        words = TOKEN.findall(text)
        yield "key " + key
        yield f"begins {key} {words[0] if words else ''}"
        yield from words
        for n in (2, 3):
            for some in zip(*(words[at:] for at in range(n))):
                yield f"{n} " + " ".join(some)
        for at in range(len(text) - 4):
            yield "letters " + text[at : at + 5]


def bucket(name):
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "little") % BUCKETS


def folds(calls):
    """Near-duplicates are in one fold together."""
    group, first = list(range(len(calls))), {}

    def find(at):
        while group[at] != at:
            group[at] = group[group[at]]
            at = group[at]
        return at

    for n, call in enumerate(calls):
        for band in range(BANDS):
            key = (band, *call.print[band * ROWS : (band + 1) * ROWS])
            group[find(n)] = find(first.setdefault(key, n))
    return np.array([bucket(str(find(n))) % FOLDS for n in range(len(calls))])


def fit(matrix, calls, learnt):
    """The score of every call, by what is learnt from some."""
    known = [calls[n] for n in learnt]
    often = collections.Counter(call.family for call in known)
    sign = np.array([1.0 if call.bad else -1.0 for call in known])
    mass = np.array([5.0 * (3.0 if call.bad else 1.0) / np.sqrt(often[call.family]) for call in known])
    rows = matrix[learnt]
    across = rows.T.tocsr()

    def loss(point):
        margin = sign * (rows @ point[:-1] + point[-1])
        slope = -sign * mass / (1 + np.exp(np.clip(margin, -50, 50)))
        value = (mass * np.logaddexp(0, -margin)).sum() + PULL * (point[:-1] @ point[:-1])
        return value, np.append(across @ slope + 2 * PULL * point[:-1], slope.sum())

    point = scipy.optimize.minimize(loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B", options={"maxiter": 80}).x
    return matrix @ point[:-1] + point[-1]


def area(bad, good):
    ranks = rankdata(np.concatenate([bad, good]))
    return (ranks[: len(bad)].sum() - len(bad) * (len(bad) + 1) / 2) / (len(bad) * len(good))


def row(name, score, attacks, missed, harmless):
    cells = [name, f"{attacks.sum()}"]
    for share in FALSE_ALARMS:
        least = np.quantile(score[harmless], 1 - share)
        cells.append(f"{100 * np.mean(score[attacks] > least):.1f} % / {(score[missed] > least).sum()} of {missed.sum()}")
    print("| " + " | ".join(cells) + " |")


def main(cases, files):
    judged = {case["id"]: case for case in map(json.loads, open(cases, encoding="utf-8"))}
    calls = []
    for file in files:
        for case in map(json.loads, open(file, encoding="utf-8")):
            if case["direction"] == "request" and "arguments" in (case["message"].get("params") or {}):
                calls.append(Call(case, judged[case["id"]]))
    counts = np.array([len(call.features) for call in calls])
    values = np.repeat(4 / np.sqrt(counts + FEW), counts)
    columns = np.concatenate([call.features for call in calls]).astype(int)
    matrix = sp.csr_matrix((values, columns, np.append(0, counts.cumsum())), shape=(len(calls), BUCKETS))
    bad, missed, usable = (np.array([getattr(call, name) for call in calls]) for name in ("bad", "missed", "usable"))
    family, fold = np.array([call.family for call in calls]), folds(calls)

    score = np.zeros(len(calls))
    for part in range(FOLDS):
        inside = fold == part
        score[inside] = fit(matrix, calls, np.where(~inside & usable)[0])[inside]
    print(f"Area under the curve {area(score[bad], score[~bad]):.4f}, of what rules miss {area(score[missed], score[~bad]):.4f}.\n")
    print("| held out | attacks |" + "".join(f" {100 * share} % |" for share in FALSE_ALARMS))
    print("| --- | --- |" + " --- |" * len(FALSE_ALARMS))
    row("by near-duplicate", score, bad, missed, ~bad)
    for name, kinds in KINDS.items():
        held = bad & np.array([one.startswith(tuple(kinds.split())) for one in family])
        score = fit(matrix, calls, np.where((fold != 0) & usable & ~held)[0])
        row(name, score, held, held & missed, ~bad & (fold == 0))


HASHES = np.random.default_rng(SEED).integers(1, 2**31 - 1, (BANDS * ROWS, 2)).tolist()
if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
