"""The panel of properties: what stands at a place of a document, as the schema allows it there."""
