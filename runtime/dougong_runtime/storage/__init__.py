"""Tables from the model, and the steps from one model to the next."""
