-- What runs have read, by the name of the input. db_key: empty for what is no artifact; uid and tree: empty where
-- nobody recorded the version, iteration -1 where any is meant; digest: of the bytes, in words.

CREATE TABLE run_inputs (
    owner_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    project TEXT NOT NULL,
    db_key TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    tree TEXT NOT NULL,
    uid TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);
CREATE INDEX run_inputs_by_artifact ON run_inputs (db_key, project, uid) WHERE db_key <> '';
