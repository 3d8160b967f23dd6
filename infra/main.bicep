// Switchboard in Azure: a storage account of its own, a function app on Flex Consumption, and the roles of its identity.
// The Communication Services resource must exist already, in the same resource group, because its numbers and Teams
// resource accounts outlive the app.
//
//   az deployment group create -g <group> -f infra/main.bicep -p acsName=<acs> callbackKeys='k1:<base64 of 32 random bytes>'
//
// Create the Event Grid subscriptions afterwards: the webhook of one needs the deployed function and its key.

@description('Name of the app, unique in Azure: it becomes <name>.azurewebsites.net.')
@minLength(3)
@maxLength(32)
param name string = 'switchboard-${uniqueString(resourceGroup().id)}'

param location string = resourceGroup().location

@description('Name of the Communication Services resource in this group.')
param acsName string

@description('CALLBACK_KEYS: id:base64, or id:base64,id:base64 while the key is being changed.')
@secure()
param callbackKeys string

@description('COGNITIVE_SERVICES_ENDPOINT; empty if no texts are spoken.')
param cognitiveServicesEndpoint string = ''

@description('LINES, by comma; empty for every line whose calls reach the app.')
param lines string = ''

@description('LOG_LEVEL')
@allowed(['debug', 'info', 'warn', 'error'])
param logLevel string = 'info'

resource acs 'Microsoft.Communication/communicationServices@2023-04-01' existing = {
  name: acsName
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'sb${uniqueString(resourceGroup().id, name)}'
  location: location
  sku: { name: 'Standard_ZRS' }
  kind: 'StorageV2'
  properties: {
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'packages'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

// The queue of recording/function.json. Event Grid puts messages into it.
resource recordings 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = {
  parent: queues
  name: 'recordings'
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: '${name}-plan'
  location: location
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  identity: { type: 'SystemAssigned' }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packages.name}'
          authentication: { type: 'SystemAssignedIdentity' }
        }
      }
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40 }
    }
    // All other settings have defaults: docs/settings.md. On Flex Consumption the runtime is not a setting.
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: [
        { name: 'AzureWebJobsStorage__accountName', value: storage.name }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insights.properties.ConnectionString }
        { name: 'ACS_ENDPOINT', value: 'https://${acs.properties.hostName}' }
        { name: 'ACS_ACCESS_KEY', value: acs.listKeys().primaryKey }
        { name: 'ACS_RESOURCE_ID', value: acs.properties.immutableResourceId }
        { name: 'CALLBACK_KEYS', value: callbackKeys }
        { name: 'COGNITIVE_SERVICES_ENDPOINT', value: cognitiveServicesEndpoint }
        { name: 'LINES', value: lines }
        { name: 'LOG_LEVEL', value: logLevel }
      ]
    }
  }
}

// The roles that the host and the handler need on the storage account, by the ids of Azure's built-in roles.
var storageRoles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-0c008fc387d0'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource grants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in items(storageRoles): {
  name: guid(storage.id, app.id, role.value)
  scope: storage
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
  }
}]

output appName string = app.name
output hostName string = app.properties.defaultHostName
output storageName string = storage.name
