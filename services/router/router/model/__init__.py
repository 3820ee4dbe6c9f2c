"""What the router has learnt from messages: features of a text, a linear model over them, and how it is trained."""
