"""Mail: letters wait in the database until a mail server has taken them. Knows no slice; slices write the letters."""
