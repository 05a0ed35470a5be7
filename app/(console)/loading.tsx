import { Skeleton } from "@/components/patterns/states";

/** While the next page is made: the shell stands, the shape of a list below it. */
export default function Loading() {
  return <Skeleton rows={10} />;
}
