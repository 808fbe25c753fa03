# What is written in another way.
package corpus.encoded

default allow := false

allow if base64.decode(input.context.token) == "let me in"

token := base64.decode(input.context.token)

url := base64url.encode_no_pad("a?b>c")

back := base64url.decode("YT9iPmM")

hexed := hex.encode(input.resource.tool)

plain := hex.decode("6f6b")

document := json.unmarshal(input.context.document)

valid if json.is_valid(input.context.document)

written := json.marshal({"b": [1, 2.5, "x"], "a": null})

valid64 if base64.is_valid(input.context.token)
