import type { AdminArea } from './area.ts';
import { type BatchesDeps, batchesArea } from './batches.ts';
import { type DoctorDeps, doctorArea } from './doctor.ts';
import { type ServiceDeps, serviceArea } from './service.ts';
import { type SignatureDeps, signatureArea } from './signature.ts';

/** What the tools of the console work with. */
export interface ToolsDeps {
  readonly signature: SignatureDeps;
  readonly doctor: DoctorDeps;
  readonly batches: BatchesDeps;
  readonly service: ServiceDeps;
}

/** The areas of the admin API with which people find faults and hand work over. */
export function toolsAreas({ signature, doctor, batches, service }: ToolsDeps): readonly AdminArea[] {
  return [signatureArea(signature), doctorArea(doctor), batchesArea(batches), serviceArea(service)];
}
