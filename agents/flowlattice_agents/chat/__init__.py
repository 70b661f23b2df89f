"""Chat models: a request in, a text out, with what it cost. What is asked and what an answer means is up to `models`.

`base` says what a chat model is, `connect` makes one by name; the other modules are the layers it is made of.
"""
