/** FoundationDB's names of its error codes (fdbclient, `flow/error_definitions.h` of 7.3). */

const names: Readonly<Record<number, string>> = {
  1000: "operation_failed",
  1004: "timed_out",
  1007: "transaction_too_old",
  1009: "future_version",
  1020: "not_committed",
  1021: "commit_unknown_result",
  1025: "transaction_cancelled",
  1031: "transaction_timed_out",
  1032: "too_many_watches",
  1034: "watches_disabled",
  1036: "accessed_unreadable",
  1037: "process_behind",
  1038: "database_locked",
  1039: "cluster_version_changed",
  1042: "proxy_memory_limit_exceeded",
  1051: "batch_transaction_throttled",
  1078: "grv_proxy_memory_limit_exceeded",
  1079: "blob_granule_request_failed",
  1100: "broken_promise",
  1101: "operation_cancelled",
  1213: "tag_throttled",
  1223: "proxy_tag_throttled",
  1235: "transaction_throttled_hot_shard",
  1500: "platform_error",
  1510: "io_error",
  1511: "file_not_found",
  1513: "file_not_readable",
  1514: "file_not_writable",
  1515: "no_cluster_file_found",
  2000: "client_invalid_operation",
  2004: "key_outside_legal_range",
  2005: "inverted_range",
  2006: "invalid_option_value",
  2007: "invalid_option",
  2008: "network_not_setup",
  2009: "network_already_setup",
  2010: "read_version_already_set",
  2011: "version_invalid",
  2012: "range_limits_invalid",
  2017: "used_during_commit",
  2018: "invalid_mutation_type",
  2020: "transaction_invalid_version",
  2021: "no_commit_version",
  2023: "transaction_read_only",
  2025: "network_cannot_be_restarted",
  2101: "transaction_too_large",
  2102: "key_too_large",
  2103: "value_too_large",
  2109: "too_many_tags",
  2110: "tag_too_long",
  2104: "connection_string_invalid",
  2107: "tls_error",
  2200: "api_version_unset",
  2201: "api_version_already_set",
  2202: "api_version_invalid",
  2203: "api_version_not_supported",
  2210: "exact_mode_without_limits",
  4100: "internal_error",
};

/**
 * The name of a FoundationDB error code, `fdb_error_N` for one not listed.
 *
 * @example
 * ```ts
 * import { fdbErrorName } from "tenantry/engine";
 * console.log(fdbErrorName(1020)); // not_committed
 * ```
 */
export const fdbErrorName = (fdbCode: number): string => names[fdbCode] ?? `fdb_error_${fdbCode}`;
