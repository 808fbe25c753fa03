# Results that are no decision, and such that are.
package corpus.shapes

allow := input.context.result
