"""The paper's tables, figures and claims, drawn from run folders."""
