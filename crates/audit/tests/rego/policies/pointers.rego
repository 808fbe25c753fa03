# Parts of a document, by path.
package corpus.pointers

default allow := false

allow if object.get(input, ["context", "ticket", "state"], "none") == "approved"

kept := json.filter(input.context, ["ticket/id", "list/0", "nothing"])

without := json.remove(input.context, ["ticket/state", "list/1"])

above := object.get(input.context, "ticket", {})

keys := object.keys(input.context)

united := object.union(input.context, {"list": [9], "more": {"a": 1}})

removed := object.remove(input.context, ["list"])

only := object.filter(input.context, ["list"])

within if object.subset(input.context, {"ticket": {"state": "approved"}})
