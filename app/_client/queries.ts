import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { AlertPage } from "@/lib/alerts/schemas";
import type { AuditEventView, EventPage, FacetsView, HistogramView } from "@/lib/audit/schemas";
import type { UserView } from "@/lib/access/schemas";
import type {
  BackupCalendar,
  BackupDay,
  BackupDetail,
  BackupPage,
  ChainPage,
  CutView,
  GrowthView,
} from "@/lib/backups/schemas";
import type { RepositoriesView } from "@/lib/copies/schemas";
import type { DrillPeriods, EvidenceView } from "@/lib/drills/schemas";
import type { RestorePreview } from "@/lib/recovery/schemas";
import type { RepositoryView } from "@/lib/repositories/schemas";
import type { RetentionView } from "@/lib/retention/schemas";
import type { RunbookView } from "@/lib/runbooks/schemas";
import type { RunDetail, RunPage } from "@/lib/runs/schemas";
import type { ConfigurationView } from "@/lib/settings/schemas";
import type { SystemDetail, SystemsView } from "@/lib/systems/schemas";
import type { FindingPage, VerificationPage, VerifierView } from "@/lib/verification/schemas";
import { apiGet, withQuery } from "./api";

/* One entry a datum: its key, where it comes from, how often it is asked again. Pages prefill the same keys. */

type Query = Record<string, string | number | boolean | null | undefined>;

/** How often live facts are asked again while the page is seen. */
const LIVE_MS = 2_000;
const CALM_MS = 10_000;

export const systemsQuery = () =>
  queryOptions({
    queryKey: ["systems"],
    queryFn: ({ signal }) => apiGet<SystemsView>("/api/v1/systems", signal),
    refetchInterval: LIVE_MS,
  });

export const systemQuery = (name: string) =>
  queryOptions({
    queryKey: ["systems", name],
    queryFn: ({ signal }) => apiGet<SystemDetail>(`/api/v1/systems/${encodeURIComponent(name)}`, signal),
    refetchInterval: LIVE_MS,
  });

export const repositoriesQuery = () =>
  queryOptions({
    queryKey: ["repositories"],
    queryFn: ({ signal }) => apiGet<{ repositories: RepositoryView[] }>("/api/v1/repositories", signal),
    refetchInterval: CALM_MS,
  });

export const repositoryDetailsQuery = () =>
  queryOptions({
    queryKey: ["repositories", "details"],
    queryFn: ({ signal }) => apiGet<RepositoriesView>("/api/v1/repositories/details", signal),
    refetchInterval: CALM_MS,
  });

export const backupsQuery = (query: Query) =>
  queryOptions({
    queryKey: ["backups", query],
    queryFn: ({ signal }) => apiGet<BackupPage>(withQuery("/api/v1/backups", query), signal),
    refetchInterval: CALM_MS / 2,
    placeholderData: keepPreviousData,
  });

export const backupQuery = (id: string) =>
  queryOptions({
    queryKey: ["backup", id],
    queryFn: ({ signal }) => apiGet<BackupDetail>(`/api/v1/backups/${id}`, signal),
    refetchInterval: CALM_MS,
  });

export const cutQuery = (id: string) =>
  queryOptions({
    queryKey: ["cut", id],
    queryFn: ({ signal }) => apiGet<CutView>(`/api/v1/cuts/${id}`, signal),
    refetchInterval: LIVE_MS,
  });

export const verificationsQuery = (query: Query) =>
  queryOptions({
    queryKey: ["verifications", query],
    queryFn: ({ signal }) => apiGet<VerificationPage>(withQuery("/api/v1/verifications", query), signal),
    refetchInterval: CALM_MS / 2,
    placeholderData: keepPreviousData,
  });

export const findingsQuery = (query: Query) =>
  queryOptions({
    queryKey: ["findings", query],
    queryFn: ({ signal }) => apiGet<FindingPage>(withQuery("/api/v1/findings", query), signal),
    refetchInterval: CALM_MS / 2,
    placeholderData: keepPreviousData,
  });

export const verifierQuery = () =>
  queryOptions({
    queryKey: ["verifier"],
    queryFn: ({ signal }) => apiGet<VerifierView>("/api/v1/verifier", signal),
    refetchInterval: CALM_MS / 2,
  });

/** Asked again seldom: it is read line by line, and an apply looks anew anyway. */
export const retentionQuery = () =>
  queryOptions({
    queryKey: ["retention"],
    queryFn: ({ signal }) => apiGet<RetentionView>("/api/v1/retention", signal),
    refetchInterval: 3 * CALM_MS,
  });

export const backupDaysQuery = () =>
  queryOptions({
    queryKey: ["backups", "days"],
    queryFn: ({ signal }) => apiGet<BackupCalendar>("/api/v1/backups/days", signal),
    refetchInterval: CALM_MS,
  });

export const backupDayQuery = (system: string, type: string, date: string) =>
  queryOptions({
    queryKey: ["backups", "days", date, system, type],
    queryFn: ({ signal }) => apiGet<BackupDay>(withQuery(`/api/v1/backups/days/${date}`, { system, type }), signal),
    refetchInterval: CALM_MS,
    placeholderData: keepPreviousData,
  });

export const growthQuery = (query: Query) =>
  queryOptions({
    queryKey: ["backups", "growth", query],
    queryFn: ({ signal }) => apiGet<GrowthView>(withQuery("/api/v1/backups/growth", query), signal),
    refetchInterval: CALM_MS * 6,
    placeholderData: keepPreviousData,
  });

export const chainsQuery = (query: Query) =>
  queryOptions({
    queryKey: ["backups", "chains", query],
    queryFn: ({ signal }) => apiGet<ChainPage>(withQuery("/api/v1/backups/chains", query), signal),
    refetchInterval: CALM_MS,
    placeholderData: keepPreviousData,
  });

export const restorePreviewQuery = (query: Query) =>
  queryOptions({
    queryKey: ["recovery", "preview", query],
    queryFn: ({ signal }) => apiGet<RestorePreview>(withQuery("/api/v1/recovery/preview", query), signal),
    refetchInterval: CALM_MS,
    placeholderData: keepPreviousData,
  });

export const runsQuery = (query: Query) =>
  queryOptions({
    queryKey: ["runs", query],
    queryFn: ({ signal }) => apiGet<RunPage>(withQuery("/api/v1/runs", query), signal),
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  });

/** The runs that go on: the same key for the nav, the overview and the palette. */
export const openRunsQuery = () => runsQuery({ open: true, limit: 50 });
export const recentRunsQuery = () => runsQuery({ limit: 8 });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: ({ signal }) => apiGet<RunDetail>(`/api/v1/runs/${id}`, signal),
    refetchInterval: CALM_MS,
  });

export const runbooksQuery = () =>
  queryOptions({
    queryKey: ["runbooks"],
    queryFn: ({ signal }) => apiGet<{ runbooks: RunbookView[] }>("/api/v1/runbooks", signal),
    refetchInterval: CALM_MS / 2,
  });

/** What is not over: the same key for the nav, the overview and the page. */
export const openAlertsQuery = () =>
  queryOptions({
    queryKey: ["alerts", "open"],
    queryFn: ({ signal }) => apiGet<AlertPage>("/api/v1/alerts?state=open&limit=100", signal),
    refetchInterval: LIVE_MS,
  });

export const pastAlertsQuery = () =>
  queryOptions({
    queryKey: ["alerts", "resolved"],
    queryFn: ({ signal }) => apiGet<AlertPage>("/api/v1/alerts?state=resolved&limit=50", signal),
    refetchInterval: CALM_MS,
  });

export const drillsQuery = () =>
  queryOptions({
    queryKey: ["drills"],
    queryFn: ({ signal }) => apiGet<DrillPeriods>("/api/v1/drills", signal),
    refetchInterval: CALM_MS,
  });

export const drillHistoryQuery = () =>
  queryOptions({
    queryKey: ["drills", "history"],
    queryFn: ({ signal }) => apiGet<DrillPeriods>("/api/v1/drills/history", signal),
  });

export const evidenceQuery = (taskId: string) =>
  queryOptions({
    queryKey: ["drills", taskId, "evidence"],
    queryFn: ({ signal }) => apiGet<{ runs: EvidenceView[] }>(`/api/v1/drills/${taskId}/evidence`, signal),
  });

const EVENTS_PER_PAGE = 100;

export const auditEventsQuery = (query: string) =>
  infiniteQueryOptions({
    queryKey: ["audit", "events", query],
    queryFn: ({ pageParam, signal }) =>
      apiGet<EventPage>(
        withQuery("/api/v1/audit/events", { query, cursor: pageParam, limit: EVENTS_PER_PAGE }),
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    staleTime: CALM_MS,
  });

export const auditFacetsQuery = (query: string) =>
  queryOptions({
    queryKey: ["audit", "facets", query],
    queryFn: ({ signal }) => apiGet<FacetsView>(withQuery("/api/v1/audit/facets", { query }), signal),
    placeholderData: keepPreviousData,
    staleTime: CALM_MS,
  });

export const auditHistogramQuery = (query: string) =>
  queryOptions({
    queryKey: ["audit", "histogram", query],
    queryFn: ({ signal }) =>
      apiGet<HistogramView>(withQuery("/api/v1/audit/histogram", { query, buckets: 120 }), signal),
    placeholderData: keepPreviousData,
    staleTime: CALM_MS,
  });

export const auditEventQuery = (id: string) =>
  queryOptions({
    queryKey: ["audit", "event", id],
    queryFn: ({ signal }) => apiGet<AuditEventView>(`/api/v1/audit/events/${id}`, signal),
    staleTime: Infinity,
  });

export const latestAuditQuery = () =>
  queryOptions({
    queryKey: ["audit", "latest"],
    queryFn: ({ signal }) => apiGet<EventPage>("/api/v1/audit/events?limit=7", signal),
    refetchInterval: CALM_MS,
  });

export const usersQuery = () =>
  queryOptions({
    queryKey: ["users"],
    queryFn: ({ signal }) => apiGet<{ users: UserView[] }>("/api/v1/users", signal),
  });

export const configurationsQuery = () =>
  queryOptions({
    queryKey: ["configurations"],
    queryFn: ({ signal }) => apiGet<ConfigurationView[]>("/api/v1/configurations", signal),
  });
