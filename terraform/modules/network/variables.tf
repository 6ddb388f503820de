variable "prefix" {
  description = "Start of the names."
  type        = string
}

variable "region" {
  description = "AWS region, for the endpoints' service names."
  type        = string
}

variable "cidr" {
  description = "Address range of the VPC; each subnet gets a quarter of it."
  type        = string
}

variable "availability_zones" {
  description = "One subnet each."
  type        = list(string)
}
