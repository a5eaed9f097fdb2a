/**
 * For the Serverless Framework, which knows neither throttles nor access logs of a REST API's stage by CloudFormation:
 * what `custom.stageDescription` says becomes the StageDescription of the API's deployment ("AWS::ApiGateway::Deployment
 * StageDescription").
 */
export default class ApiStage {
  constructor(serverless) {
    this.hooks = {
      'before:package:finalize': () => {
        const { provider, custom } = serverless.service;
        for (const { Type, Properties } of Object.values(provider.compiledCloudFormationTemplate.Resources))
          if (Type === 'AWS::ApiGateway::Deployment') Properties.StageDescription = custom.stageDescription;
      },
    };
  }
}
