"""The one door: all reading and writing of records, under access rules, with audit."""
