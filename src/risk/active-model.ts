import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { readModel } from './model-file.js';
import type { RiskModel } from './risk-model.js';

/** The model that this process scores with, read once; a wrong one stops the start. */
@Injectable()
export class ActiveModel {
  readonly model: RiskModel;

  constructor(config: Config) {
    this.model = readModel(config.riskModelFile);
  }
}
