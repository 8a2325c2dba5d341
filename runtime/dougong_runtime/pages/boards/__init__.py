"""A view's records otherwise than in a table: lanes of cards, a calendar, a gallery, a time line, a tree."""
