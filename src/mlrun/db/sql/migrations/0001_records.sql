-- Records by their keys, with the columns that listings search; the body is the record as it was received.
-- search: what a part of the name is looked for in, case folded. Times: UTC ISO 8601 of one width.
-- What is SQLite's own: INTEGER PRIMARY KEY counts up by itself, and BLOB is any bytes.

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    uid TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    name TEXT NOT NULL,
    search TEXT NOT NULL,
    state TEXT NOT NULL,
    start_time TEXT NOT NULL,
    last_update TEXT NOT NULL,
    process TEXT,
    body TEXT NOT NULL,
    UNIQUE (uid, project, iteration)
);
CREATE INDEX runs_by_time ON runs (start_time, iteration, state, search);
CREATE INDEX runs_by_project ON runs (project, start_time, iteration, search);
CREATE INDEX runs_by_name ON runs (name, project, start_time, iteration);
CREATE INDEX runs_by_state ON runs (project, state, start_time, iteration);
CREATE INDEX runs_by_update ON runs (last_update, project);
CREATE INDEX runs_alive ON runs (project) WHERE process IS NOT NULL;

CREATE TABLE run_labels (
    owner_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);
CREATE INDEX run_labels_by_value ON run_labels (name, value, owner_id);

CREATE TABLE logs (
    project TEXT NOT NULL,
    uid TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (project, uid, start)
);

CREATE TABLE metrics (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    uid TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    key TEXT NOT NULL,
    value DOUBLE PRECISION,
    timestamp TEXT NOT NULL,
    labels TEXT NOT NULL
);
CREATE INDEX metrics_by_run ON metrics (project, uid, iteration, key);

-- version: the tree, or the uid where there is no tree.
CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    db_key TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    version TEXT NOT NULL,
    key TEXT NOT NULL,
    search TEXT NOT NULL,
    tree TEXT NOT NULL,
    uid TEXT NOT NULL,
    kind TEXT NOT NULL,
    category TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (db_key, project, iteration, version)
);
CREATE INDEX artifacts_by_time ON artifacts (updated, project);
CREATE INDEX artifacts_by_project ON artifacts (project, updated);
CREATE INDEX artifacts_by_key ON artifacts (key, project);
CREATE INDEX artifacts_by_tree ON artifacts (tree, project);
CREATE INDEX artifacts_by_uid ON artifacts (uid, project);
CREATE INDEX artifacts_by_category ON artifacts (category, updated, project, kind);

CREATE TABLE artifact_labels (
    owner_id INTEGER NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);
CREATE INDEX artifact_labels_by_value ON artifact_labels (name, value, owner_id);

CREATE TABLE artifact_tags (
    tag TEXT NOT NULL,
    project TEXT NOT NULL,
    db_key TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, project, db_key, iteration)
);
CREATE INDEX artifact_tags_by_owner ON artifact_tags (owner_id, tag);

CREATE TABLE functions (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    search TEXT NOT NULL,
    updated TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (name, project, hash)
);
CREATE INDEX functions_by_time ON functions (updated, project);
CREATE INDEX functions_by_project ON functions (project, updated);
CREATE INDEX functions_by_hash ON functions (hash);

CREATE TABLE function_labels (
    owner_id INTEGER NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);
CREATE INDEX function_labels_by_value ON function_labels (name, value, owner_id);

CREATE TABLE function_tags (
    tag TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, project, name)
);
CREATE INDEX function_tags_by_owner ON function_tags (owner_id, tag);

CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE project_labels (
    owner_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);
CREATE INDEX project_labels_by_value ON project_labels (name, value, owner_id);
