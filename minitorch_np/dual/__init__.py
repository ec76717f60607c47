"""Forward mode: levels that give every op's results their tangents, and the rules they go by."""
