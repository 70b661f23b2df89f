"""What vulture cannot see is used, each group with the reason. Nothing here is ever run.

What nobody uses is deleted, not listed. Entries read `_.name`, whatever the class.
"""

_ = ...

# Handlers that a dispatcher finds by the kind of a syntax node: `getattr(self, f"_{kind}")` (expressions).
(_._attribute, _._binop, _._boolop, _._compare, _._constant, _._dict, _._generatorexp, _._ifexp, _._joinedstr)
(_._list, _._subscript, _._unaryop)

# Handlers that a dispatcher finds by the head of a meaning, as the grammar files write it (models/offline/intake.py).
(_._any_case, _._back_upper, _._bad_values, _._band, _._band_subject, _._call_key, _._call_repeats, _._claim)
(_._claim_empty, _._claim_input, _._courtesy, _._define, _._define_bands, _._do2, _._example, _._example_path)
(_._expects, _._fill, _._fills, _._gets, _._mention_rule, _._more_of_rule, _._optional_then, _._other_path, _._rate)
(_._conversions, _._surcharge, _._left_over)
(_._rename, _._replace_word, _._rounded_key, _._sample_at, _._sample_empty, _._sample_value, _._shown_text)
(_._takes_refs, _._takes_typed, _._purpose, _._about, _._do, _._prepare, _._json_bands, _._any_space, _._given_date)
(_._text_values, _._same_for, _._else_fields, _._switch_on, _._failing_names, _._method_of, _._named_fill)
(_._status_note, _._so_too, _._same_rule, _._claim_true, _._round_named, _._exact_case)
(_._said_text, _._respective, _._sample_true, _._exceeds)

# The same for change requests (models/offline/changes.py, change_fields.py).
(_._change_field, _._require_field, _._add_choices, _._drop_choices, _._swap_constant, _._set_constant)
(_._set_invalid, _._remove_route)

# The same for values (models/offline/lowering.py).
(_._filter_by, _._item_with, _._sorted_by, _._count_by, _._mul_said, _._div_said, _._add_said, _._sub_said)
(_._palindrome, _._concat_both)
(_._amount, _._apply_phrase, _._arr, _._both, _._concat, _._cond, _._conds, _._date, _._dropped, _._false, _._filter)
(_._glue, _._implies, _._in_unit, _._inside, _._it_named, _._named_ref, _._not, _._null, _._num, _._obj, _._of, _._or)
(_._ref_of, _._round, _._str, _._str_of, _._that, _._that_many, _._thing, _._true, _._folded, _._that_percent, _._truth)
(_._sum_over, _._spaced, _._part_of)

# Keys of the graph's state: LangGraph reads and writes them by name.
(_.approval_digest, _.assumptions_digest, _.brief_digest, _.certificate_digest, _.deployment_digest)
(_.diagnostics_digest, _.flow_path, _.found_digest, _.ir_digest, _.optimized, _.policy_digest, _.proposal_digest)
(_.questions_digest, _.spec_digest, _.spec_given)
(
    _.before_ir_digest,
    _.broken_digest,
    _.impacts_digest,
    _.budget_digest,
    _.certified_digest,
    _.rejections_digest,
    _.revised,
)
(_.revision_digest, _.edit_digest, _.written_digest, _.examples_digest, _.disagreements_digest, _.base_digest)
(_.fixing_digest, _.fixes_digest, _.findings_digest)

# Part of the worst case that approvals are bound to; 0 until a capability is a language model.
_.usd_micros

# Written to run.json and read back from its JSON (runs.py).
_.state_version

# Members of enums that flows and policies name by value ("pii", "queue").
(_.CONFIDENTIAL, _.INTERNAL, _.PAYMENT, _.PII, _.SECRET)
(_.DEV, _.QUEUE, _.TEMPORAL, _.WASM)

# Fields of the Flow IR whose makers come with later surfaces; the names are a contract (never renamed).
(_.artifacts, _.backoff_ms, _.on_timeout, _.spill_bytes, _.view)

# What authors of flows call; nothing inside needs it.
(_.false, _.is_cancelled, _.patch, _.true)
(_.ack, _.exhausted, _.receipt)
(_.tumbling, _.unmatched)

# Called by a library: click (groups, commands), asyncio (protocols), uvicorn (servers).
(_.get_command, _.format_commands, _.format_epilog)
(_.connection_made, _.connection_lost, _.data_received, _.exc)
(_.capture_signals, _.force_exit)

# importlib calls it of a loader, `dir` of a module.
(_.get_code, _.__dir__)

# Fields of the tests' own records, which schemas and generators read.
(_.express, _.qty, _.buyer, _.window_start, _.window_end)

# http.server and html.parser call or read them of a test's handler.
(_.log_message, _.protocol_version)
(_.handle_data, _.handle_starttag)

# A handler closes the connection by it.
_.close_connection

# sqlite3 reads it of a connection, hypothesis calls them of a state machine.
(_.row_factory, _.it_adds_up, _.teardown)

# A field of records, read back from their JSON.
_.answer_schema

# PyYAML reads them of loaders and dumpers.
(_.ignore_aliases, _.yaml_implicit_resolvers)

# A field of what `flows author --json` shows.
_.probes

# Fields of records of the examples that only keys, tables and hosts read, by their names.
(_.event_id, _.user_id)

# Fields of the IR that the semantic diff compares by their names.
_.view_body

# A method of a capability that the examples' nodes do not call.
_.extract

# pytest reads it of a conftest.
_.collect_ignore

# Read by prometheus_client for each metric that is made (hosts/web/metrics.py).
_.ValueClass
_.dont_write_bytecode  # of sys, read by the interpreter

# uvicorn reads them of its protocol and its cycles (hosts/web/protocol.py).
(_.send_400_response, _.chunked_encoding, _.expected_content_length)

# Fields of signed statements (attestation.py): whoever verifies one reads them.
(_.harness, _.materials, _.predicate_type, _.provenance, _.sbom_digest, _.schemas_digest)

# What httpcore and the standard library's servers call, and how they are told what to do (certify/faults).
(_._pool, _.connect_tcp, _.start_tls, _.get_extra_info, _.local_address, _.socket_options, _.ssl_context)
(_.server_hostname, _.daemon_threads, _.block_on_close, _.handle_error)
