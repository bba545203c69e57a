"""The commands, a module a family: `offline` needs no broker, `feed` fills one, `operate` runs on one."""
