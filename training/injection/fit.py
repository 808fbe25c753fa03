#!/usr/bin/env python3
"""Fits the weights of the injection score: logistic regression over the best window of each text.

    cargo run -p vanguard-engine --example injection_windows -- CORPUS.jsonl... > windows.tsv
    python3 training/injection/fit.py windows.tsv [--left-out] > weights.txt

Families whose licence does not allow it are left out of the fit and only measured. Every attack family weighs the same.
Features that speak for an attack stay at zero or above, features of harmless context at zero or below: a text cannot
lower its score by adding an attack, nor raise it by adding an explanation. `--left-out` also fits once without each
group of families and reports what is found of it: that is what unseen attacks will meet.
"""
import math
import random
import re
import sys
from collections import defaultdict

SEED = 20260
EPOCHS = 100
RATE = 0.25
PULL = 1.5e-3
# Too common in harmless letters to say much alone, whatever the corpus says.
MOST = {"PleaseStart": 0.6, "PleaseAct": 0.5, "You": 0.2, "Must": 0.2, "Important": 0.4, "Address": 0.3, "Encoded": 0.4,
        "AlsoAct": 0.5, "Handler": 1.5, "YourAnswer": 1.0, "ImportantLoud": 1.0, "IfAsk": 0.6, "TaskMark": 0.8, "InComment": 0.8,
        "Exclaimed": 0.5, "Loud": 0.5, "FromNowOn": 0.6, "BeforeAsk": 0.6, "UnboundWord": 0.8, "Placeholder": 1.2, "StealData": 0.8, "SendMe": 1.0, "YourSecret": 0.8, "OverridePrior": 1.2, "AskSecret": 0.8, "RegardlessUser": 2.0, "TaskDone": 2.0, "RoleToken": 0.5, "AuthorityMe": 1.0}
# How far context may lower a score, so that a few words cannot excuse an attack.
# What descriptions of poisoned tools say, by hand: too few of them may be learnt from. The fit is pulled towards these.
PRIOR = {"OrderedTool": 1.5, "PretextOrder": 1.2, "BeforeOrder": 1.2, "OrderedRun": 0.6, "OrderedChange": 1.2, "RegardlessUser": 2.0, "NotTellUser": 2.5,
         "RoleTag": 1.2, "SilentAction": 1.0, "FirstRun": 1.0, "SendSecret": 1.0, "GetSecret": 0.5, "StealOrder": 2.5, "ImportantLoud": 0.6,
         "OverridePriorInstruction": 1.5, "OverrideInstruction": 0.8, "BeforeTool": 0.8, "NotTell": 0.8, "YouMustAct": 0.6, "MustFirstAct": 1.5}
# What is said in one breath (`together.rs`) weighs what we say: the corpus has few attacks that address the model, the world has many, and
# harmless texts hardly ever do (of 5,000 a dozen).
FIXED = {"Courtesy": -1.5, "Quoted": -2.6, "AuthorityMe": 0.9, "ToModelSecrecy": 3.3, "ToModelSend": 3.0, "ToModelSecret": 3.0, "ToModelOverride": 2.5, "ToModelHarm": 1.5, "ToModelAct": 0.5, "Addressed": 1.0,
         "HiddenOrder": 2.5, "SecrecySend": 3.0, "SecrecyAct": 0.8, "UnaskedHarm": 0.8, "MustSecret": 0.3, "ModelMust": 0.3}
LEAST = {"AttackArticle": -2.2, "Quoted": -2.6, "Code": -1.6, "Courtesy": -1.5}
CONTEXT = {"AttackWord", "AttackArticle", "ExampleWord", "Quoted", "Code", "NeverOverride", "Courtesy"}
PERMISSIVE = re.compile(r"^(MIT|Apache|BSD|CC0|CC-BY-4|Unlicense)(?!.*(SA|NC|GPL|no LICENSE|none))")
# Not injection, or nothing of it in the text.
NOT_TEXT = re.compile(r"^(secrets_|ipi_wasp)")
GROUPS = [("spikee",), ("asb",), ("bipia",), ("cyberseceval",), ("jailbreak",), ("mcpsafetybench", "tool_preference"), ("tool_poisoning",), ("mcpproxy",)]


def load(path, wanted):
    cases = []
    for line in open(path, encoding="utf-8"):
        name, family, label, direction, licence, windows = line.rstrip("\n").split("\t")
        if NOT_TEXT.match(family) or direction not in wanted:
            continue
        bags = [frozenset(w.split()) for w in windows.split(",") if w] or [frozenset()]
        cases.append((name, family, label == "malicious", direction, bool(PERMISSIVE.match(licence)), bags))
    return cases


def value(weights, bag):
    return sum(weights[f] for f in bag)


def fit(cases, prior={}):
    rng = random.Random(SEED)
    weights = defaultdict(float, FIXED)
    squares = defaultdict(lambda: 1e-3)
    bias = -3.0
    families = defaultdict(int)
    for case in cases:
        families[case[1]] += 1
    attacks = sum(1 for f in families if any(c[1] == f and c[2] for c in cases))
    harmless = sum(1 for c in cases if not c[2])
    # A start that finds the right windows.
    for case in cases:
        for bag in case[5]:
            for feature in bag:
                weights[feature] = FIXED.get(feature, -0.5 if feature in CONTEXT else min(0.4, MOST.get(feature, 0.4)))
    for _ in range(EPOCHS):
        order = list(cases)
        rng.shuffle(order)
        for name, family, bad, direction, _, bags in order:
            bag = max(bags, key=lambda b: value(weights, b))
            z = bias + value(weights, bag)
            guess = 1 / (1 + math.exp(-max(-30, min(30, z))))
            weight = (harmless * 0.35 / attacks / families[family]) if bad else 1.0
            weight = min(weight, 12.0)
            # Files that instruct agents and their like, from public repositories under CC0, MIT and Apache-2.0: what an order to an
            # agent looks like where it belongs. So many that they would drown the rest.
            weight *= 0.1 if family.startswith("ben_x_") else 1.0
            gradient = (guess - (1.0 if bad else 0.0)) * weight
            bias -= 0.01 * gradient
            for feature in bag - FIXED.keys():
                g = gradient + (PULL * weights[feature] if feature not in prior else 0.1 * (weights[feature] - prior[feature]))
                squares[feature] += g * g
                w = weights[feature] - RATE * g / math.sqrt(squares[feature])
                weights[feature] = min(0.0, max(w, LEAST.get(feature, -1.0))) if feature in CONTEXT else max(0.0, min(w, MOST.get(feature, 3.0)))
    return dict(weights), bias


def score(weights, case):
    return max(sum(weights.get(f, 0.0) for f in bag) for bag in case[5])


def threshold(weights, cases, benign, hard):
    """The lowest score that keeps false alarms under both bars."""
    scores = {True: [], False: []}
    for case in cases:
        if not case[2] and not case[1].startswith("ben_x_"):
            scores[case[1].startswith("ben_")].append(score(weights, case))
    cut = -1e9
    for is_benign, share in ((True, benign), (False, hard)):
        ranked = sorted(scores[is_benign], reverse=True)
        cut = max(cut, ranked[int(len(ranked) * share)] + 1e-6)
    return cut


def recall(weights, cut, cases):
    hits, all_ = defaultdict(int), defaultdict(int)
    for case in cases:
        all_[case[1]] += 1
        hits[case[1]] += score(weights, case) >= cut
    return {f: (hits[f], all_[f]) for f in all_}


def main():
    described = "--descriptions" in sys.argv
    cases = load(sys.argv[1], ("tools_list",) if described else ("response",))
    # What is an order in a result is one in a description; what is harmless there may be an order here.
    more = [c for c in load(sys.argv[1], ("response",)) if c[2]] if described else []
    allowed = [c for c in cases + more if c[4]]
    prior = PRIOR if described else {}
    weights, bias = fit(allowed, prior)
    cut = threshold(weights, cases, 0.0025, 0.018)
    warn = threshold(weights, cases, 0.01, 0.05)
    err = sys.stderr
    for feature, weight in sorted(weights.items(), key=lambda kv: -kv[1]):
        print(f"{feature} {round(weight * 100)}")
    print(f"# order {round(cut * 100)} suspicion {round(warn * 100)} bias {round(bias * 100)}")
    for title, c in (("order", cut), ("suspicion", warn)):
        print(f"\n== {title} {c:.2f}", file=err)
        for family, (hit, n) in sorted(recall(weights, c, cases).items()):
            bad = any(x[1] == family and x[2] for x in cases)
            if bad or hit:
                print(f"{'  ' if bad else 'FA'} {family:36} {hit:4}/{n:4} {100 * hit / n:5.1f}", file=err)
    if "--left-out" in sys.argv:
        attacks = sorted({c[1] for c in cases if c[2]})
        done = set()
        print("\n== left out", file=err)
        for family in attacks:
            if family in done:
                continue
            group = next((g for g in GROUPS if any(k in family for k in g)), (family,))
            inside = [f for f in attacks if any(k in f for k in group)]
            done.update(inside)
            w, _ = fit([c for c in allowed if c[1] not in inside], prior)
            c = threshold(w, cases, 0.0025, 0.018)
            for name, (hit, n) in sorted(recall(w, c, [x for x in cases if x[1] in inside]).items()):
                print(f"   {name:36} {hit:4}/{n:4} {100 * hit / n:5.1f}", file=err)


if __name__ == "__main__":
    main()
