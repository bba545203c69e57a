"""Warning problems as data: one folder each; `load` reads one."""
